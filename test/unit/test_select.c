/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of dialpeer/plan*.c and e164_map.c from a cube.conf to the dial-peers of a call: by a table for each criterion, maps
 * in files, and lots. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../modules/libcube/dialpeer/e164_map.h"
#include "calls.h"
#include "helper.h"

Suite *suite_select(void);

#define BASE                                                                                              \
	"sip-ua { listen-non-secure = '127.0.0.1:5060' } tenant 100 { listen-non-secure = '127.0.0.1:5070' }" \
	"tenant 200 { listen-non-secure = '127.0.0.1:5080' }"
#define TARGET " session-target = 'ipv4:192.0.2.9' "
#define BIG 10000 /* lines of a map */
/* 291 bytes: with "/bad.txt" one less than what is shown */
#define LONG_FOLDER F97 F97 F97
#define F97 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0"

/* Where a row comes from: IN, OUT, LANG are sections 2.1, 2.2 and 2.3 of what was found out about IOS; docs is
 * docs/dial-peers.md, config docs/config.md. */
struct row
{
	const char *call, *want, *why;
};

struct table
{
	const char *name, *conf;
	struct row rows[18];
};

static const struct table tables[] = {
		{"inbound criteria",
				"uri via { host = 'ipv4:198.51.100.7' } uri request { user-id = '^2' } uri to { host = 'dns:acme.co' }"
				"uri from { user-id = '^alice$' } e164-pattern-map 1 { e164 = '77..' } e164-pattern-map 2 { e164 = "
				"'+33T' }"
				"dial-peer 1 { destination-pattern = '+49T' " TARGET "} dial-peer 2 { answer-address = '+44T' }"
				"dial-peer 3 { incoming-calling-e164-pattern-map = 2 } dial-peer 4 { incoming-called-number = '2...' }"
				"dial-peer 5 { incoming-called-e164-pattern-map = 1 } dial-peer 6 { incoming-uri-from = 'from' }"
				"dial-peer 7 { incoming-uri-to = 'to' } dial-peer 8 { incoming-uri-request = 'request' }"
				"dial-peer 9 { incoming-uri-via = 'via' }",
				{{"in: called=2001 calling=+44 via=198.51.100.7 request=sip:2001@b.co to=sip:1@acme.co "
				  "from=sip:alice@b.co",
						 "9 via", "IN 1: incoming uri via first"},
						{"in: called=2001 calling=+44 via=198.51.100.8 request=sip:2001@b.co to=sip:1@acme.co",
								"8 request", "IN 2: then the Request-URI"},
						{"in: called=2001 calling=+44 request=sip:3@b.co to=sip:1@acme.co from=sip:alice@b.co", "7 to",
								"IN 3: then To"},
						{"in: called=2001 calling=+44 to=sip:1@acme.com from=sip:alice@b.co", "6 from",
								"IN 4: then From"},
						{"in: called=2001 calling=+44 from=sip:alicea@b.co", "4 called",
								"IN 5: then the called number"},
						{"in: called=7701 calling=+44", "5 called", "IN 5: by a map, equal rank"},
						{"in: called=3001 calling=+4420", "2 calling", "IN 6: then the calling number"},
						{"in: called=3001 calling=+3320", "3 calling", "IN 6: by a map, equal rank"},
						{"in: called=3001 calling=+4930", "1 pattern", "IN 7: destination-pattern, the calling number"},
						{"in: called=+4930 calling=3001", "nobody", "IN 7: not the called one"},
						{"in: called=3001 calling=+1", "nobody", "IN 9: none is dial-peer 0"},
						{"in: ", "nobody", "docs: no number matches nothing"},
						{"in: called=alice calling=bob", "nobody", "docs: a name matches no pattern"},
						{"in: called=2001 request=http://2001", "4 called", "a URI that is none is not there"},
						{"in: called=2001 via=acme..co;x request=sip:2@b.co", "8 request",
								"nor is a Via that is none"}}},
		{"inbound ties",
				"e164-pattern-map 1 { e164 = { '555.', '5551', '5.' } } e164-pattern-map 2 { e164 = '6123' shutdown = "
				"true }"
				"dial-peer 20 { incoming-called-number = '2...' preference = 1 } dial-peer 10 { incoming-called-number "
				"= '2...' }"
				"dial-peer 11 { incoming-called-number = '2..T' } dial-peer 12 { incoming-called-number = '20..' "
				"preference = 10 }"
				"dial-peer 30 { incoming-called-e164-pattern-map = 1 incoming-called-number = '55..' }"
				"dial-peer 31 { incoming-called-number = '555[1-3]' } dial-peer 33 { incoming-called-number = '55512' "
				"preference = 3 }"
				"dial-peer 32 { incoming-called-e164-pattern-map = 1 preference = 1 }"
				"dial-peer 40 { incoming-called-number = '6...' } dial-peer 41 { incoming-called-e164-pattern-map = 2 }"
				"dial-peer 42 { incoming-called-number = '61..' shutdown = true }"
				"dial-peer 43 { incoming-called-number = '61..' permission = term }"
				"dial-peer 44 { incoming-called-number = '61..' permission = none }"
				"dial-peer 45 { incoming-called-number = '7' permission = orig } dial-peer 46 { incoming-called-number "
				"= '7' huntstop = true }"
				"dial-peer 50 { answer-address = '7...' } dial-peer 51 { answer-address = '70..' preference = 10 }"
				"dial-peer 52 { answer-address = '70.0' preference = 9 } dial-peer 53 { answer-address = '70.0' "
				"preference = 9 }",
				{{"in: called=2001", "12 called", "IN: longest match before preference"},
						{"in: called=2101", "10 called", "IN: then preference; docs: then the lower tag"},
						{"in: called=5551", "30 called", "IN: pattern and map of one dial-peer, the map's is longer"},
						{"in: called=55512", "33 called", "IN: longest match before preference"},
						{"in: called=5552", "30 called", "docs: 5 5 5 and a dot is as long as a set; the lower tag"},
						{"in: called=5561", "30 called", "IN: the pattern of the dial-peer is longer than its map's"},
						{"in: called=56", "30 called", "config: the map alone; preference 0 before 1"},
						{"in: called=6123", "40 called", "config: a map that is shut down; shutdown, term and none"},
						{"in: called=7", "45 called",
								"OUT: permission orig takes calls in; huntstop says nothing here"},
						{"in: calling=7120", "50 calling", "IN: longest match"},
						{"in: calling=7011", "51 calling", "IN: longest match"},
						{"in: calling=7010", "52 calling", "docs: the lower tag"}}},
		{"tenants",
				"uri a { host = 'dns:a.co' } e164-pattern-map 1 { e164 = '9' }"
				"dial-peer 1 { incoming-called-number = '2' } dial-peer 2 { tenant = 100 incoming-called-number = '2' }"
				"dial-peer 3 { tenant = 100 incoming-uri-to = 'a' } dial-peer 4 { tenant = 200 incoming-uri-to = 'a' "
				"preference = 1 }"
				"dial-peer 5 { tenant = 200 incoming-uri-to = 'a' } dial-peer 6 { incoming-called-e164-pattern-map = 1 "
				"}"
				"dial-peer 7 { tenant = 200 incoming-called-e164-pattern-map = 1 } dial-peer 8 { tenant = 200 "
				"answer-address = '3' }"
				"dial-peer 9 { tenant = 200 destination-pattern = '4' " TARGET
				"} dial-peer 10 { destination-pattern = '4' " TARGET "}",
				{{"in: called=2", "1 called", "IN 0: tenant of the listener"},
						{"in 100: called=2", "2 called", "IN 0: tenant of the listener"},
						{"in 200: called=2", "nobody", "IN 0: neither sip-ua's nor another tenant's"},
						{"in: called=2 to=sip:1@a.co", "1 called", "IN 0: for URIs, too"},
						{"in 100: called=2 to=sip:1@a.co", "3 to", "IN 0: for URIs, too"},
						{"in 200: called=2 to=sip:1@a.co", "5 to", "IN 0: for URIs, too; then preference"},
						{"in: called=9", "6 called", "IN 0: one map in dial-peers of two"},
						{"in 200: called=9", "7 called", "IN 0: one map in dial-peers of two"},
						{"in 100: called=9", "nobody", "IN 0"}, {"in: calling=3", "nobody", "IN 0: answer-address"},
						{"in 200: calling=3", "8 calling", "IN 0: answer-address"},
						{"in 200: calling=4", "9 pattern", "IN 0: destination-pattern"},
						{"in: calling=4", "10 pattern", "IN 0: destination-pattern"},
						{"out: called=4", "called: 9/1 10/1", "docs: outbound the tenant is no filter"}}},
		{"ranks of URIs",
				"uri h { host = 'dns:acme.co' } uri hp { host-pattern = 'acme[.]' } uri u { user-id = '^2001$' } uri "
				"us { user-id = '^20' }"
				"uri t { phone-number = '^[+]4930' } uri tc { phone-context = 'acme' } uri p { pattern = '2' }"
				"uri hu { host = 'dns:acme.co' user-id = '^2' }"
				"dial-peer 1 { incoming-uri-request = 'p' } dial-peer 2 { incoming-uri-request = 't' }"
				"dial-peer 3 { incoming-uri-request = 'us' } dial-peer 4 { incoming-uri-request = 'u' preference = 10 }"
				"dial-peer 5 { incoming-uri-request = 'hp' } dial-peer 6 { incoming-uri-request = 'h' preference = 10 }"
				"dial-peer 7 { incoming-uri-request = 'hu' preference = 10 } dial-peer 8 { incoming-uri-request = 'tc' "
				"}"
				"dial-peer 9 { incoming-uri-to = 'h' shutdown = true } dial-peer 10 { incoming-uri-to = 'p' permission "
				"= term }",
				{{"in: request=sip:2001@acme.co", "7 request", "IN: host, and the longest"},
						{"in: request=sip:1001@acme.co", "6 request", "IN: the longer host before preference"},
						{"in: request=sip:2001@acme.com", "5 request", "IN: host before user"},
						{"in: request=sip:2001@b.co", "4 request", "IN: the longer user before preference"},
						{"in: request=sip:2011@b.co", "3 request", "IN: user before the whole URI"},
						{"in: request=sip:2011;phone-context=acme@b.co", "3 request", "IN: user before tel"},
						{"in: request=tel:+4930222", "2 request", "IN: tel before the whole URI"},
						{"in: request=tel:222;phone-context=acme.co", "8 request", "IN: tel before the whole URI"},
						{"in: request=tel:222", "1 request", "IN: the whole URI comes last"},
						{"in: request=sip:1@b.co", "nobody", "IN: nothing fits"},
						{"in: to=sip:2@acme.co", "nobody", "OUT: shutdown and permission, for URIs, too"}}},
		{"outbound criteria",
				"uri h { host = 'dns:acme.co' } uri u { user-id = '^2' } e164-pattern-map 1 { e164 = { '30..', '3001' "
				"} }"
				"e164-pattern-map 2 { e164 = '+44T' } e164-pattern-map 3 { e164 = { '+', '+4420' } }"
				"dial-peer 1 { destination-uri = 'u' " TARGET
				"} dial-peer 2 { destination-uri = 'h' preference = 5 " TARGET "}"
				"dial-peer 3 { destination-uri = 'u' preference = 1 " TARGET
				"} dial-peer 4 { destination-pattern = '3...' " TARGET "}"
				"dial-peer 5 { destination-e164-pattern-map = 1 preference = 2 " TARGET "}"
				"dial-peer 6 { destination-e164-pattern-map = 1 destination-pattern = '300.' " TARGET "}"
				"dial-peer 7 { destination-calling-e164-pattern-map = 2 " TARGET "}"
				"dial-peer 8 { destination-calling-e164-pattern-map = 3 " TARGET "}",
				{{"out: called=2001 calling=+4420 request=sip:2001@acme.co", "uri: 2/7 1/1 3/1",
						 "OUT 6: destination-uri first; host before user, then preference"},
						{"out: called=3001 calling=+4420 request=sip:3001@acme.co", "uri: 2/7",
								"OUT 6: and nothing else"},
						{"out: called=3001 calling=+4420 request=sip:3001@b.co", "called: 6/4 5/4 4/1",
								"OUT 7: called numbers, map and pattern; once each"},
						{"out: called=3002 calling=+4420", "called: 6/3 5/2 4/1",
								"OUT 7: the best pattern of a dial-peer"},
						{"out: called=3102 calling=+4420", "called: 4/1", "OUT 7: not both criteria"},
						{"out: called=9 calling=+4420", "calling: 8/5 7/3",
								"OUT 8: calling numbers last, longest first"},
						{"out: called=9 calling=+4930", "calling: 8/1", "OUT 8"},
						{"out: called=9 calling=4420", "nobody", "OUT: none, the call fails"},
						{"out 4: called=9 calling=4420", "nobody", "OUT: none, the call fails"},
						{"out: calling=3001 called=alice", "nobody", "docs: a name matches nothing"},
						{"out: request=sip:@acme.co", "nobody", "a URI that is none is not there"},
						{"out: to=sip:2@acme.co from=sip:2@acme.co", "nobody",
								"config: destination-uri is the Request-URI's"}}},
		{"who takes calls out",
				"uri u { user-id = '^2' } e164-pattern-map 1 { e164 = '5' } e164-pattern-map 2 { e164 = '5' shutdown = "
				"true }"
				"server-group 1 { server = 'ipv4:192.0.2.1' shutdown = true } server-group 2 { server = "
				"'ipv4:192.0.2.1' }"
				"dial-peer 1 { destination-uri = 'u' session-server-group = 1 } dial-peer 2 { destination-uri = 'u' "
				"session-server-group = 2 }"
				"dial-peer 3 { destination-uri = 'u' shutdown = true " TARGET
				"} dial-peer 4 { destination-uri = 'u' permission = orig " TARGET "}"
				"dial-peer 5 { destination-uri = 'u' permission = none " TARGET
				"} dial-peer 6 { destination-uri = 'u' permission = term " TARGET "}"
				"dial-peer 11 { destination-e164-pattern-map = 1 session-server-group = 1 } dial-peer 12 { "
				"destination-pattern = '5' permission = term session-server-group = 2 }"
				"dial-peer 13 { destination-e164-pattern-map = 1 shutdown = true " TARGET
				"} dial-peer 14 { destination-pattern = '5' permission = orig " TARGET "}"
				"dial-peer 15 { destination-e164-pattern-map = 2 " TARGET
				"} dial-peer 16 { destination-e164-pattern-map = 1 permission = term " TARGET "}"
				"dial-peer 21 { destination-calling-e164-pattern-map = 1 session-server-group = 1 } dial-peer 22 { "
				"destination-calling-e164-pattern-map = 2 " TARGET "}"
				"dial-peer 23 { destination-calling-e164-pattern-map = 1 permission = orig " TARGET
				"} dial-peer 24 { destination-calling-e164-pattern-map = 1 " TARGET "}",
				{{"out: request=sip:2@b.co called=5", "uri: 2/1 6/1",
						 "OUT: server-group and dial-peer shut down, permission"},
						{"out: called=5", "called: 12/1 16/1",
								"OUT: server-group, dial-peer and map shut down, permission"},
						{"out: calling=5", "calling: 24/1", "OUT: server-group and map shut down, permission"},
						{"in: calling=5", "14 pattern", "OUT: permission orig takes calls in, term does not"}}},
		{"dpg",
				"server-group 1 { server = 'ipv4:192.0.2.1' shutdown = true } uri u { user-id = '^2' }"
				"dpg 1 { dial-peer = { '13 preference 2', '12', '11 preference 1', '10', '14 preference 2' } }"
				"dpg 2 { dial-peer = { '10' } shutdown = true } dpg 3 { dial-peer = { '15', '16', '17', '18' } }"
				"dpg 4 { dial-peer = { '13', '19', '10' } }"
				"dial-peer 1 { incoming-called-number = '1' destination-dpg = 1 } dial-peer 2 { incoming-called-number "
				"= '1' destination-dpg = 2 }"
				"dial-peer 3 { incoming-called-number = '1' destination-dpg = 3 } dial-peer 4 { incoming-called-number "
				"= '1' destination-dpg = 4 }"
				"dial-peer 10 { " TARGET "} dial-peer 11 { " TARGET "} dial-peer 12 { preference = 9 " TARGET "}"
				"dial-peer 13 { destination-pattern = 'AAAA' " TARGET
				"} dial-peer 14 { destination-pattern = '2001' " TARGET "}"
				"dial-peer 15 { shutdown = true " TARGET
				"} dial-peer 16 { session-server-group = 1 } dial-peer 17 { permission = orig " TARGET "}"
				"dial-peer 18 { permission = none " TARGET "} dial-peer 19 { huntstop = true " TARGET "}"
				"dial-peer 20 { destination-uri = 'u' " TARGET "} dial-peer 21 { destination-pattern = '3' " TARGET "}",
				{{"out 1: called=9", "dpg: 12 10 11 13 14",
						 "OUT 1: by the dpg's preference; config: then as they are written"},
						{"out 1: called=2001 request=sip:2001@b.co", "dpg: 12 10 11 13 14",
								"OUT 1: nothing else is tried"},
						{"out 1: ", "dpg: 12 10 11 13 14", "OUT 1: the number does not matter"},
						{"out 2: called=2001", "called: 14/4", "OUT: dpg shut down, ordinary search"},
						{"out 2: called=2001 request=sip:2001@b.co", "uri: 20/1",
								"OUT: dpg shut down, ordinary search"},
						{"out 2: called=9", "nobody", "OUT: dpg shut down, its members are not tried"},
						{"out 3: called=3", "nobody", "OUT: all members unavailable, no fallback"},
						{"out 4: called=3", "dpg: 13 19", "OUT: huntstop ends it"},
						{"out 10: called=3", "called: 21/1", "OUT: a member itself has no dpg"}}},
		{"provision policies",
				"uri a { host = 'dns:a.co' } uri b { host = 'dns:b.co' } uri v { host = 'ipv4:198.51.100.7' } uri all "
				"{ pattern = '.' }"
				"e164-pattern-map 1 { e164 = '+44T' } e164-pattern-map 2 { e164 = { '+4930', '+49' } }"
				"provision-policy 1 { preference = { 'from', 'to' } } provision-policy 2 { preference = { 'from to', "
				"'called', 'calling' } }"
				"provision-policy 3 { preference = { 'to called', 'called calling' } } provision-policy 4 { preference "
				"= { 'via', 'diversion', 'referred-by' } }"
				"provision-policy 5 { preference = 'calling from' }"
				"dial-peer 1 { incoming-called-number = '1' destination-provision-policy = 1 } dial-peer 2 { "
				"incoming-called-number = '1' destination-provision-policy = 2 }"
				"dial-peer 3 { incoming-called-number = '1' destination-provision-policy = 3 } dial-peer 4 { "
				"incoming-called-number = '1' destination-provision-policy = 4 }"
				"dial-peer 5 { incoming-called-number = '1' destination-provision-policy = 5 }"
				"dial-peer 10 { destination-uri-from = 'a' preference = 1 " TARGET
				"} dial-peer 11 { destination-uri-from = 'all' " TARGET "}"
				"dial-peer 12 { destination-uri-to = 'b' huntstop = true " TARGET
				"} dial-peer 13 { destination-uri-to = 'b' destination-uri-from = 'b' " TARGET "}"
				"dial-peer 14 { destination-uri-to = 'b' destination-pattern = '20' " TARGET
				"} dial-peer 15 { destination-pattern = '200' destination-calling-e164-pattern-map = 1 " TARGET "}"
				"dial-peer 16 { destination-pattern = '2' destination-calling-e164-pattern-map = 2 " TARGET "}"
				"dial-peer 17 { destination-uri-via = 'v' " TARGET
				"} dial-peer 18 { destination-uri-diversion = 'a' " TARGET "}"
				"dial-peer 19 { destination-uri-referred-by = 'a' " TARGET
				"} dial-peer 20 { destination-uri-from = 'b' destination-calling-e164-pattern-map = 2 shutdown = "
				"true " TARGET "}"
				"dial-peer 21 { destination-uri-from = 'b' destination-calling-e164-pattern-map = 2 preference = "
				"3 " TARGET "}",
				{{"out 1: from=sip:1@a.co to=sip:1@b.co called=2001", "policy: 11/0 10/0",
						 "OUT 2: the first rule decides; preference"},
						{"out 1: to=sip:1@b.co called=2001", "policy: 12/0", "OUT 2: then the next; huntstop"},
						{"out 1: called=2001", "nobody", "OUT 2: nothing else is tried"},
						{"out 1: to=sip:1@a.co from=sip:@", "nobody", "OUT 2: a URI that is none is not there"},
						{"out 2: from=sip:1@b.co to=sip:1@b.co", "policy: 13/0",
								"OUT 2: two words in a rule must both match"},
						{"out 2: from=sip:1@a.co to=sip:1@b.co", "nobody",
								"OUT 2: two words in a rule must both match"},
						{"out 2: from=sip:1@a.co to=sip:1@b.co called=2001 calling=+4930", "policy: 15/3 14/2 16/1",
								"OUT 2: called, longest first"},
						{"out 2: called=3 calling=+4930", "policy: 16/5 21/5",
								"OUT 2: calling; config: then preference"},
						{"out 3: called=2001 calling=+44 to=sip:1@b.co", "policy: 14/2",
								"OUT 2: a header and the called number"},
						{"out 3: called=2001 calling=+44 to=sip:1@a.co", "policy: 15/3", "OUT 2: both numbers"},
						{"out 3: called=2001 calling=+49", "policy: 16/1", "OUT 2: both numbers"},
						{"out 3: called=2001 calling=+33", "nobody", "OUT 2: both numbers"},
						{"out 4: via=198.51.100.7:5061 diversion=<sip:1@a.co>;reason=x", "policy: 17/0", "OUT 2: via"},
						{"out 4: diversion=<sip:1@a.co>;reason=x referred-by=sip:1@a.co", "policy: 18/0",
								"OUT 2: diversion"},
						{"out 4: referred-by=<sip:1@a.co>", "policy: 19/0", "OUT 2: referred-by"},
						{"out 5: from=sip:1@b.co calling=+4930", "policy: 21/0",
								"OUT 2: calling and a header; shutdown"},
						{"out 5: from=sip:1@a.co calling=+4930", "nobody", "OUT 2: calling and a header"}}},
		{"huntstop",
				"uri u { user-id = '^2' } e164-pattern-map 1 { e164 = { '3', '30', '300' } } e164-pattern-map 2 { e164 "
				"= '+' }"
				"dial-peer 1 { destination-uri = 'u' preference = 1 " TARGET
				"} dial-peer 2 { destination-uri = 'u' huntstop = true " TARGET "}"
				"dial-peer 3 { destination-pattern = '3' " TARGET
				"} dial-peer 4 { destination-e164-pattern-map = 1 huntstop = true preference = 1 " TARGET "}"
				"dial-peer 5 { destination-pattern = '300' huntstop = true shutdown = true " TARGET
				"} dial-peer 6 { destination-pattern = '3001' " TARGET "}"
				"dial-peer 7 { destination-calling-e164-pattern-map = 2 " TARGET
				"} dial-peer 8 { destination-calling-e164-pattern-map = 2 huntstop = true " TARGET "}"
				"dial-peer 9 { destination-calling-e164-pattern-map = 2 " TARGET "}",
				{{"out: request=sip:2@b.co", "uri: 2/1", "OUT: huntstop ends it, destination-uri"},
						{"out: called=3001", "called: 6/4 4/3",
								"OUT: huntstop ends it, a map; not that of one shut down"},
						{"out: called=3", "called: 3/1 4/1", "OUT: huntstop does not hide who is before"},
						{"out: calling=+1", "calling: 7/1 8/1", "OUT: huntstop ends it, the calling number"}}},
		{"maps",
				"e164-pattern-map 1 { e164 = { '2001', '2001', '2...' } } e164-pattern-map 2 { url = 'maps/odd.txt' } "
				"e164-pattern-map 3 { url = 'maps/big.txt' }"
				"e164-pattern-map 4 { url = 'maps/empty.txt' } e164-pattern-map 5 { url = 'maps/odd.txt' shutdown = "
				"true }"
				"dial-peer 1 { destination-e164-pattern-map = 1 destination-pattern = '20' "
				"incoming-called-e164-pattern-map = 1 " TARGET "}"
				"dial-peer 2 { destination-e164-pattern-map = 1 preference = 1 " TARGET
				"} dial-peer 3 { destination-e164-pattern-map = 2 " TARGET "}"
				"dial-peer 4 { destination-e164-pattern-map = 3 " TARGET
				"} dial-peer 5 { destination-e164-pattern-map = 4 " TARGET "}"
				"dial-peer 6 { destination-e164-pattern-map = 5 " TARGET
				"} dial-peer 7 { destination-e164-pattern-map = 2 " TARGET "}",
				{{"out: called=2001", "called: 1/4 2/4", "config: the same pattern twice, the dial-peer once"},
						{"out: called=20", "called: 1/2", "the pattern alone fits"},
						{"in: called=2001", "1 called", "one map in both directions"},
						{"out: called=+493012", "called: 3/5 7/5",
								"config: a file, its first line; two dial-peers have it"},
						{"out: called=+4940", "called: 3/5 7/5", "config: a file with CR LF and blanks around"},
						{"out: called=+49401", "nobody", "$ before CR LF"},
						{"out: called=+33", "nobody", "config: a line that begins with !"},
						{"out: called=+4989", "called: 3/5 7/5", "config: a last line without its end"},
						{"out: called=8800000", "called: 4/7", "config: any number of lines, the first"},
						{"out: called=8804711", "called: 4/7", "config: any number of lines"},
						{"out: called=8809999", "called: 4/7", "config: any number of lines, the last"},
						{"out: called=8810000", "nobody", "config: any number of lines"}}},
};

static struct helper_files files;

static void setup(void)
{
	static const char odd[] = "\xef\xbb\xbf+4930T\r\n\r\n! +33T\r\n \t+4940$ \t\r\n   \n\t! +33\n+4989";
	static char big[BIG * 9 + 1];
	size_t used = 0;

	helper_files_init(&files);
	for(int i = 0; i < BIG; i++)
		used += (size_t)snprintf(big + used, sizeof(big) - used, "88%05d$\n", i);
	helper_files_put(&files, "/cfg/maps/odd.txt", odd, sizeof(odd) - 1, 0644);
	helper_files_put(&files, "/cfg/maps/big.txt", big, used, 0644);
	helper_files_put(&files, "/cfg/maps/empty.txt", "", 0, 0644);
}

static void teardown(void)
{
	helper_files_free(&files);
}

static struct cube_conf *load(const char *begin, const char *text)
{
	size_t len = strlen(begin) + strlen(text);
	char *whole = malloc(len + 1);
	struct cube_conf *conf;
	struct cube_err err;

	ck_assert_ptr_nonnull(whole);
	snprintf(whole, len + 1, "%s%s", begin, text);
	conf = helper_load(&files, whole, len, &err);
	ck_assert_msg(conf != NULL, "%s", err.text);
	free(whole);
	return conf;
}

START_TEST(test_table)
{
	const struct table *table = &tables[_i];
	struct cube_conf *conf = load(BASE, table->conf);
	char got[CALL_RESULT_MAX];

	for(const struct row *row = table->rows; row->call; row++)
		ck_assert_msg(strcmp(call_select(conf, row->call, CUBE_HUNT_MAX, got), row->want) == 0,
				"%s: %s: got %s, want %s: %s", table->name, row->call, got, row->want, row->why);
	cube_conf_free(&conf);
}
END_TEST

/* The lists that were found are cut to max, and to nothing. */
START_TEST(test_max)
{
	static const char *const calls[][2] = {{"out: request=sip:2@b.co", "uri: 2/1"}, {"out: called=3", "called: 2/1"},
			{"out: calling=4", "calling: 2/1"}, {"out 4: ", "dpg: 2"}, {"out 5: from=sip:2@b.co", "policy: 2/0"},
			{"out 5: calling=4", "policy: 2/1"}};
	struct cube_conf *conf =
			load(BASE, "uri u { user-id = '^2' } e164-pattern-map 1 { e164 = '4' } dpg 1 { dial-peer = { '2', '1' } }"
					   "provision-policy 1 { preference = { 'from', 'calling' } }"
					   "dial-peer 1 { destination-uri = 'u' destination-uri-from = 'u' destination-pattern = '3'"
					   "destination-calling-e164-pattern-map = 1 preference = 1 " TARGET "}"
					   "dial-peer 2 { destination-uri = 'u' destination-uri-from = 'u' destination-pattern = '3'"
					   "destination-calling-e164-pattern-map = 1 " TARGET
					   "} dial-peer 4 { incoming-called-number = '1' destination-dpg = 1 }"
					   "dial-peer 5 { incoming-called-number = '1' destination-provision-policy = 1 }");
	char got[CALL_RESULT_MAX];

	for(size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ck_assert_str_eq(call_select(conf, calls[i][0], 0, got), "nobody");
		ck_assert_str_eq(call_select(conf, calls[i][0], 1, got), calls[i][1]);
	}
	cube_conf_free(&conf);
}
END_TEST

#define EQUALS 40 /* more than a list takes */
#define LOTS 4000

#define BY_LOT "sip-ua { listen-non-secure = '127.0.0.1:5060' dial-peer-hunt-random = true }"

/* Dial-peers 1 and 2 are better and worse than 101 to 140, which are equal, whatever the criterion; 201 has a policy, 202 a
 * dpg. */
static struct cube_conf *load_equals(const char *begin)
{
	static char text[EQUALS * 256 + 1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s",
			"uri u { user-id = '^2' } uri h { host = 'dns:acme.co' } e164-pattern-map 1 { e164 = '4' } "
			"e164-pattern-map 2 { e164 = '44' }"
			"provision-policy 1 { preference = 'from' } dpg 1 { dial-peer = { '103', '102 preference 1', '101' } }"
			"dial-peer 1 { destination-uri = 'h' destination-uri-from = 'u' destination-pattern = '33'"
			"destination-calling-e164-pattern-map = 2 " TARGET
			"} dial-peer 2 { destination-uri = 'u' destination-uri-from = 'u'"
			"destination-pattern = '3' destination-calling-e164-pattern-map = 1 preference = 3 " TARGET "}"
			"dial-peer 201 { answer-address = '1' destination-provision-policy = 1 }"
			"dial-peer 202 { answer-address = '1' destination-dpg = 1 }");

	for(int i = 0; i < EQUALS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
				"dial-peer %d { destination-uri = 'u' destination-uri-from = 'u' destination-pattern = '%s'"
				"destination-calling-e164-pattern-map = 1 preference = %d " TARGET "}",
				101 + i, i % 2 ? "3[3-9]" : "3.", 1);
	return load(begin, text);
}

static const struct lot_row
{
	const char *call;
	unsigned max;
	int first; /* the better one; 0: it does not fit */
} lot_rows[] = {
		{"request=sip:2@acme.co", CUBE_HUNT_MAX, 1},
		{"called=331", CUBE_HUNT_MAX, 1},
		{"calling=44", CUBE_HUNT_MAX, 1},
		{"from=sip:2@acme.co", CUBE_HUNT_MAX, 1},
		{"called=35", 5, 0},
		{"called=35", 1, 0},
};

static unsigned select_by_lot(
		const struct cube_conf *conf, const struct lot_row *row, uint32_t lot, int tags[CUBE_HUNT_MAX])
{
	const struct cube_dial_peer *in =
			strncmp(row->call, "from", 4) == 0 ? &conf->dial_peers[conf->n_dial_peers - 2] : NULL;
	struct cube_dial_hit hits[CUBE_HUNT_MAX];
	struct call call;
	unsigned n;

	call_read(&call, row->call);
	call.call.lot = lot;
	n = cube_dial_plan_out(conf, in, &call.call, hits, row->max);
	for(unsigned i = 0; i < n; i++)
		tags[i] = hits[i].peer->tag;
	return n;
}

/* Of the equal ones each is first as often as any other, and nobody is tried twice; the same lot is the same order. */
START_TEST(test_lots)
{
	const struct lot_row *row = &lot_rows[_i];
	unsigned firsts[EQUALS] = {0}, seen[EQUALS], least = LOTS, most = 0, better = row->first != 0;
	struct cube_conf *conf = load_equals(BY_LOT);
	int tags[CUBE_HUNT_MAX], again[CUBE_HUNT_MAX];

	for(uint32_t lot = 0; lot < LOTS; lot++) {
		uint32_t number = lot % 2 ? lot : lot << 20;

		memset(seen, 0, sizeof(seen));
		ck_assert_uint_eq(select_by_lot(conf, row, number, tags), row->max);
		ck_assert_uint_eq(select_by_lot(conf, row, number, again), row->max);
		ck_assert_mem_eq(tags, again, row->max * sizeof(tags[0]));
		ck_assert(!better || tags[0] == row->first);
		for(unsigned i = better; i < row->max; i++) {
			ck_assert_msg(tags[i] > 100 && tags[i] <= 100 + EQUALS, "lot %u: %d at %u", number, tags[i], i);
			ck_assert_uint_eq(seen[tags[i] - 101]++, 0);
		}
		firsts[tags[better] - 101]++;
	}
	for(unsigned i = 0; i < EQUALS; i++) {
		least = firsts[i] < least ? firsts[i] : least;
		most = firsts[i] > most ? firsts[i] : most;
	}
	ck_assert_msg(least > LOTS / EQUALS / 2 && most < LOTS / EQUALS * 2, "%s: one is first %u times, one %u times",
			row->call, least, most);
	cube_conf_free(&conf);
}
END_TEST

/* All of them fit in; those that are better and worse stay where they are, and a dpg's order is its own. */
START_TEST(test_lots_in_order)
{
	struct cube_conf *conf = load(BY_LOT, "dpg 1 { dial-peer = { '1', '2', '3 preference 1', '4 preference 1' } }"
										  "dial-peer 1 { destination-pattern = '33' preference = 10 " TARGET
										  "} dial-peer 2 { destination-pattern = '3' " TARGET "}"
										  "dial-peer 3 { destination-pattern = '3' " TARGET
										  "} dial-peer 4 { destination-pattern = '3' preference = 1 " TARGET "}"
										  "dial-peer 5 { answer-address = '1' destination-dpg = 1 }");
	static const char *const orders[] = {"called: 1/2 2/1 3/1 4/1", "called: 1/2 3/1 2/1 4/1"};
	unsigned counts[2] = {0};
	char call[64], got[CALL_RESULT_MAX];

	for(int lot = 0; lot < 1000; lot++) {
		snprintf(call, sizeof(call), "out: called=33 lot=%d", lot);
		call_select(conf, call, CUBE_HUNT_MAX, got);
		counts[strcmp(got, orders[1]) == 0]++;
		ck_assert_msg(strcmp(got, orders[0]) == 0 || strcmp(got, orders[1]) == 0, "lot %d: %s", lot, got);
		snprintf(call, sizeof(call), "out 5: lot=%d", lot);
		ck_assert_str_eq(call_select(conf, call, CUBE_HUNT_MAX, got), "dpg: 1 2 3 4");
	}
	ck_assert_uint_gt(counts[0], 400);
	ck_assert_uint_gt(counts[1], 400);
	cube_conf_free(&conf);
}
END_TEST

/* Without dial-peer-hunt-random the lot says nothing. */
START_TEST(test_no_lots)
{
	struct cube_conf *conf = load_equals(BASE);
	char call[64], got[CALL_RESULT_MAX];

	for(int lot = 0; lot < 100; lot++) {
		snprintf(call, sizeof(call), "out: called=33 lot=%d", lot);
		ck_assert_str_eq(call_select(conf, call, 4, got), "called: 1/2 101/1 102/1 103/1");
	}
	cube_conf_free(&conf);
}
END_TEST

#define MANY 20000

/* A policy asks one half of the dial-peers, by the called number, for a calling number that only the other half takes: were
 * each one's map looked for among those of all, this would take minutes. */
START_TEST(test_many_calling)
{
	size_t size = MANY * 128 + 512, used;
	char *text = malloc(size), got[CALL_RESULT_MAX];
	struct cube_conf *conf;

	ck_assert_ptr_nonnull(text);
	used = (size_t)snprintf(text, size,
			"e164-pattern-map 1 { e164 = '+44' } e164-pattern-map 2 { e164 = '+33' }"
			"provision-policy 1 { preference = 'called calling' }"
			"dial-peer 1 { answer-address = '1' destination-provision-policy = 1 }");
	for(int i = 0; i < MANY; i++)
		used += (size_t)snprintf(text + used, size - used,
				"dial-peer %d { destination-pattern = '%d' destination-calling-e164-pattern-map = %d" TARGET "}", i + 2,
				2 + i % 2, 1 + i % 2);
	conf = load(BASE, text);
	for(int i = 0; i < 400; i++)
		ck_assert_str_eq(call_select(conf, "out 1: called=2 calling=+33", 3, got), "nobody");
	ck_assert_str_eq(call_select(conf, "out 1: called=2 calling=+44", 3, got), "policy: 2/1 4/1 6/1");
	cube_conf_free(&conf);
	free(text);
}
END_TEST

/* A line of a map is named by its file, however long the path is; in the middle of the cut stands a letter of two bytes. */
START_TEST(test_long_path)
{
	char url[] = "/" LONG_FOLDER "\xc3\xbc" LONG_FOLDER "/bad.txt";
	struct cube_e164_map map = {.tag = 1, .url = cube_str_of(url), .file = {.data = "(2", .len = 2}};
	struct cube_err err = {0};

	ck_assert(!cube_e164_check(&map, &err));
	ck_assert_msg(strstr(err.text, "e164-pattern-map 1: url ..." LONG_FOLDER "/bad.txt: line 1: \"(2\"") == err.text,
			"%s", err.text);
}
END_TEST

Suite *suite_select(void)
{
	Suite *s = suite_create("select");
	TCase *t = tcase_create("select");

	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_table, 0, sizeof(tables) / sizeof(tables[0]));
	tcase_add_test(t, test_max);
	tcase_add_loop_test(t, test_lots, 0, sizeof(lot_rows) / sizeof(lot_rows[0]));
	tcase_add_test(t, test_lots_in_order);
	tcase_add_test(t, test_no_lots);
	tcase_add_test(t, test_many_calling);
	tcase_add_test(t, test_long_path);
	suite_add_tcase(s, t);
	return s;
}
