# SPDX-License-Identifier: GPL-2.0-or-later
# make -s -f tools/kamailio-flags.mk TREE=<configured Kamailio tree>: the compiler options that a module of that
# Kamailio must be built with, as a response file for gcc. Only what changes the meaning of its headers is taken
# over: its optimisation and warnings stay its own. -isystem, since its headers are not ours to mend.
include $(TREE)/src/config.mak

$(info -isystem $(TREE)/src)
$(info $(C_DEFS))
$(info $(filter-out -D_FORTIFY_SOURCE=%,$(filter -D% -pthread -m32 -m64 -march=% -fno-strict-%,$(MOD_CFLAGS))))
all: ;
