<?xml version='1.0'?>
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- A module's README, laid out as those of Kamailio's modules. -->
<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">
	<xsl:import href="http://docbook.sourceforge.net/release/xsl/current/xhtml/docbook.xsl"/>
	<xsl:param name="section.autolabel">1</xsl:param>
	<xsl:param name="section.label.includes.component.label">1</xsl:param>
	<xsl:param name="toc.section.depth">4</xsl:param>
	<xsl:param name="generate.section.toc.level">1</xsl:param>
	<xsl:param name="generate.toc">book toc,title,example</xsl:param>
	<xsl:param name="generate.id.attributes">0</xsl:param>
</xsl:stylesheet>
