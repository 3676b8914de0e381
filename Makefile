# SPDX-License-Identifier: GPL-2.0-or-later
# kamailio-cube: builds, installs and tests the modules. Everything that is made is in build/. What the system lacks is
# installed, and Kamailio's headers are fetched, by tools/configure before anything else; "make help" names the targets.
# libcube is compiled without Kamailio's include path: that keeps it pure.

B := build
goals := $(or $(MAKECMDGOALS),all)
kinds := build $(if $(filter-out all install docs,$(goals)),test) $(filter bench docs,$(goals)) $(if $(filter page-test,$(goals)),page)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all demo check bench soak docs page-test asan unit valgrind fuzz fuzz-replay lint install help clean distclean compile-other FORCE
all:

ifneq ($(filter-out help clean distclean,$(goals)),)
$(shell mkdir -p $(B) && touch -a $(B)/config.mk) # or make complains about it, too, when the set-up fails
include $(B)/config.mk
endif
$(B)/config.mk: FORCE
	@tools/configure $@ $(kinds)

# ---- compiler options

HARDEN := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
COMMON := -std=gnu11 -O2 -g -fPIC -Wall -Wextra -Werror -MMD -MP
STRICT := -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Kamailio's tables hold functions of different signatures behind one pointer type.
GLUE := $(COMMON) $(HARDEN) -Wshadow -Wno-cast-function-type -Wno-unused-parameter
# Of the modules: a call through them touches little code of each of many files, which is together then (a tenth of their time).
LTO := -flto=auto
LINK := -shared -O2 $(LTO) -pthread -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--version-script=modules/module.map
LIBS := -lconfuse -lssl -lcrypto

show = @echo "  $(1)   $@"; mkdir -p $(@D);

# ---- libcube, and the same under sanitizers

libcube := $(wildcard modules/libcube/*/*.c)

# $(1) folder, $(2) compiler, $(3) further options
define libcube_rules
$(1)/libcube/%.o: modules/libcube/%.c Makefile
	$$(call show,CC) $(2) $(COMMON) $(STRICT) -fvisibility=hidden $(3) -c $$< -o $$@
$(1)/libcube.a: $(libcube:modules/%.c=$(1)/%.o)
	$$(call show,AR) rm -f $$@; gcc-ar rcs $$@ $$^
-include $(libcube:modules/%.c=$(1)/%.d)
endef
$(eval $(call libcube_rules,$(B),$(CC),$(HARDEN)))
$(eval $(call libcube_rules,$(B)/lto,$(CC),$(HARDEN) $(LTO)))
$(eval $(call libcube_rules,$(B)/asan,$(CC),$(SANITIZE)))
$(eval $(call libcube_rules,$(B)/libfuzzer,clang,$(SANITIZE) -fsanitize=fuzzer-no-link))

# ---- the modules, against the Kamailio that is installed and, compiled only, against the other Debian's

modules := $(patsubst modules/%/,%,$(sort $(dir $(wildcard modules/cube_*/*_mod.c))))
module_src = $(wildcard modules/$(1)/*.c modules/ksr/*.c)
module_obj = $(patsubst modules/%.c,$(2)/$(1)/%.o,$(call module_src,$(1)))

# $(1) module, $(2) folder, $(3) file with Kamailio's compiler options, $(4) further ones
define object_rules
$(2)/$(1)/%.o: modules/%.c $(3) Makefile
	$$(call show,CC) $(CC) $(GLUE) $(4) @$(3) -DMOD_NAME='"$(1)"' -DMOD_NAMEID=$(1) -c $$< -o $$@
-include $(patsubst %.o,%.d,$(call module_obj,$(1),$(2)))
endef

define module_rules
$(call object_rules,$(1),$(B)/objects,$(B)/kamailio.flags,$(LTO))
$(call object_rules,$(1),$(B)/compile-$(OTHER),$(B)/kamailio-$(OTHER).flags)
$(B)/modules/$(1).so: $(call module_obj,$(1),$(B)/objects) $(B)/lto/libcube.a modules/module.map
	$$(call show,LD) $(CC) $(LINK) $$(filter %.o %.a,$$^) $(LIBS) -o $$@
endef
$(foreach module,$(modules),$(eval $(call module_rules,$(module))))

$(B)/kamailio-$(OTHER).flags:
	@tree=$$(tools/kamailio-headers $(OTHER)) && tools/flags $$tree $@

fetch_obj := $(patsubst modules/%.c,$(B)/objects/%.o,$(wildcard modules/cube-fetch/*.c))

$(B)/objects/cube-fetch/%.o: modules/cube-fetch/%.c Makefile
	$(call show,CC) $(CC) $(COMMON) $(STRICT) $(HARDEN) -D_GNU_SOURCE -c $< -o $@
$(B)/modules/cube-fetch: $(fetch_obj) $(B)/libcube.a
	$(call show,LD) $(CC) -pie -Wl,-z,relro,-z,now,-z,noexecstack $^ -lcurl -lcrypto -o $@
-include $(fetch_obj:.o=.d)

$(B)/objects/cube-dialplan/main.o: modules/cube-dialplan/main.c Makefile
	$(call show,CC) $(CC) $(COMMON) $(STRICT) $(HARDEN) -c $< -o $@
$(B)/bin/cube-dialplan: $(B)/objects/cube-dialplan/main.o $(B)/libcube.a
	$(call show,LD) $(CC) -pie -Wl,-z,relro,-z,now,-z,noexecstack $^ $(LIBS) -o $@
-include $(B)/objects/cube-dialplan/main.d

all: $(modules:%=$(B)/modules/%.so) $(B)/modules/cube-fetch $(B)/bin/cube-dialplan
	@tools/check-abi $(KAMAILIO) $(filter %.so,$^)

compile-other: $(foreach module,$(modules),$(call module_obj,$(module),$(B)/compile-$(OTHER)))
	@echo "the sources compile against Debian $(OTHER)'s Kamailio"

# ---- unit tests

unit_src := $(wildcard test/unit/*.c)
suites := $(patsubst test/unit/test_%.c,%,$(wildcard test/unit/test_*.c))

$(B)/unit/suites.h: FORCE
	@mkdir -p $(@D); . tools/lib.sh; printf 'SUITE(%s)\n' $(suites) | keep $@

# $(1) folder of the objects and the program, $(2) libcube, $(3) further options
define unit_rules
$(1)/%.o: test/unit/%.c $(B)/unit/suites.h Makefile
	$$(call show,CC) $(CC) $(COMMON) -Wstrict-prototypes -I$(B)/unit $(3) -c $$< -o $$@
$(1)/run: $(unit_src:test/unit/%.c=$(1)/%.o) $(2)
	$$(call show,LD) $(CC) $(3) $$(filter %.o,$$^) $(2) $(LIBS) $$$$(pkg-config --libs check) -o $$@
-include $(unit_src:test/unit/%.c=$(1)/%.d)
endef
$(eval $(call unit_rules,$(B)/unit,$(B)/libcube.a,))
$(eval $(call unit_rules,$(B)/asan/unit,$(B)/asan/libcube.a,$(SANITIZE)))

unit: $(B)/unit/run
	$(B)/unit/run $(T)

asan: $(B)/asan/unit/run
	CK_TIMEOUT_MULTIPLIER=10 $(B)/asan/unit/run $(T)

# ---- fuzzing: libFuzzer where clang has it; otherwise, and always in make check, test/fuzz/driver.c

fuzzers := $(or $(F),$(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c)))
fuzz_engine := $(shell echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	clang -x c - -fsanitize=fuzzer,address -o /dev/null 2>/dev/null && echo libfuzzer || echo asan)

$(B)/asan/fuzz/%: test/fuzz/fuzz_%.c test/fuzz/driver.c $(B)/asan/libcube.a
	$(call show,LD) $(CC) $(COMMON) $(SANITIZE) -MF $@.d $^ $(LIBS) -o $@
$(B)/libfuzzer/fuzz/%: test/fuzz/fuzz_%.c $(B)/libfuzzer/libcube.a
	$(call show,LD) clang $(COMMON) $(SANITIZE) -fsanitize=fuzzer -MF $@.d $^ $(LIBS) -o $@
-include $(wildcard $(B)/*/fuzz/*.d)

fuzz: $(fuzzers:%=$(B)/$(fuzz_engine)/fuzz/%)
	@tools/fuzz $(or $(SECS),60) $^
fuzz-replay: $(fuzzers:%=$(B)/asan/fuzz/%)
	@tools/fuzz $(or $(SECS),60) $^

# ---- the rest

c_files = $(shell find modules test -name '*.[ch]')

demo: all
	python3 test/demo/demo.py --build $(B) $(if $(KEEP),--keep)

check:
	@tools/check $(T)

bench_programs := $(addprefix $(B)/bench/,load certs stock_fork.so dialplan modules/bench_lookups.so)
bench_plans := test/bench/plans.c $(B)/libcube.a

$(B)/bench/load: test/bench/load.c test/bench/load_conn.c test/bench/load.h
	$(call show,LD) $(CC) $(COMMON) -MF $@.d $(filter %.c,$^) -lssl -lcrypto -o $@
$(B)/bench/certs: test/bench/certs.c
	$(call show,LD) $(CC) $(COMMON) -MF $@.d $^ -lcrypto -o $@
$(B)/bench/stock_fork.so: test/bench/stock_fork.c
	$(call show,LD) $(CC) $(COMMON) -MF $@.d -shared $^ -lcrypto -o $@
$(B)/bench/dialplan: test/bench/dialplan.c $(bench_plans)
	$(call show,LD) $(CC) $(COMMON) -MF $@.d $^ -lconfuse -lssl -lcrypto -o $@
$(B)/bench/modules/bench_lookups.so: test/bench/lookups_mod.c $(bench_plans) modules/ksr/ksr.c $(B)/kamailio.flags
	$(call show,LD) $(CC) $(GLUE) @$(B)/kamailio.flags -DMOD_NAME='"bench_lookups"' -DMOD_NAMEID=bench_lookups \
		-MF $@.d -shared $(filter %.c %.a,$^) -Wl,--version-script=modules/module.map -lcrypto -o $@

bench: all $(bench_programs)
	test/bench/run --build $(B) $(if $(SHORT),--short) $(if $(ONLY),--only $(ONLY))

soak: all
	test/soak/run --build $(B) --seconds $(or $(SECS),600)

valgrind: all
	test/valgrind/run --build $(B) --rounds $(or $(ROUNDS),10)

page-test: all
	python3 test/integration/run --build $(B) --only page.

docs:
	tools/docs modules $(modules)
	tools/check-docs

lint:
	tools/lint
	tools/check-docs
	@if command -v clang-format >/dev/null; then clang-format --dry-run -Werror $(c_files); fi
	@if command -v cppcheck >/dev/null; then cppcheck -q --error-exitcode=1 --enable=warning,portability --std=c11 \
		--inline-suppr --suppress=missingInclude modules/libcube; fi

install: all
	install -d $(DESTDIR)$(KAMAILIO_MODULES) $(DESTDIR)/usr/share/kamailio-cube/monitoring \
		$(DESTDIR)/usr/share/man/man1 $(DESTDIR)/usr/share/man/man5 $(DESTDIR)/usr/bin
	install -m 644 $(modules:%=$(B)/modules/%.so) $(DESTDIR)$(KAMAILIO_MODULES)
	install -m 755 $(B)/modules/cube-fetch $(DESTDIR)$(KAMAILIO_MODULES)
	install -m 755 $(B)/bin/cube-dialplan $(DESTDIR)/usr/bin
	install -m 644 $(wildcard cfg/*.cfg cfg/*.conf) $(DESTDIR)/usr/share/kamailio-cube
	install -m 644 $(wildcard cfg/monitoring/*) $(DESTDIR)/usr/share/kamailio-cube/monitoring
	install -m 644 docs/cube-dialplan.1 $(DESTDIR)/usr/share/man/man1
	install -m 644 docs/cube.conf.5 $(DESTDIR)/usr/share/man/man5

help:
	@echo "make                the modules and cube-fetch, which fetches CRLs and asks OCSP responders, in build/modules/"
	@echo "                    and cube-dialplan, which tells which way a call would go, in build/bin/"
	@echo "make demo           two calls between two tenants over TLS, explained hop by hop; KEEP=1 leaves it running"
	@echo "make check          all tests; T=<suite> runs one unit test suite only"
	@echo "make unit           the unit tests; T=<suite>; TIMES=50 lets tests of random input run fifty times as long"
	@echo "make install        modules and cube-fetch to Kamailio's folder, cube-dialplan, configurations to /usr/share/kamailio-cube, manual pages; DESTDIR=<root>"
	@echo "make asan           the unit tests under the address and undefined behaviour sanitizers; T=<suite>"
	@echo "make page-test      the status page in a browser; installs chromium. make check does so where chromium is there"
	@echo "make valgrind       the modules in a server under valgrind, one worker of each kind; ROUNDS=10"
	@echo "make bench          what trunks and dial-peers cost, beside stock Kamailio and HAProxy: half an hour; SHORT=1: a minute or two"
	@echo "make soak           calls, reloads, clears, far ends that are killed: everything at once for SECS=600 seconds"
	@echo "make fuzz           each fuzz target for SECS=60 seconds; F=<target> runs one"
	@echo "make docs           the modules' READMEs from modules/*/doc, as Kamailio makes them"
	@echo "make lint           the project's style rules, complete documents; clang-format and cppcheck where they are installed"
	@echo "make clean          removes what was built; make distclean: also Kamailio's headers"
	@echo
	@echo "KAMAILIO_SRC=<tree> uses the headers of your own configured Kamailio source tree instead of Debian's."

clean:
	rm -rf $(B)/asan $(B)/bin $(B)/bench/load* $(B)/bench/certs* $(B)/bench/*.so* $(B)/bench/dialplan* $(B)/bench/modules $(B)/compile-* $(B)/libcube $(B)/libcube.a $(B)/libfuzzer $(B)/modules $(B)/objects $(B)/unit

distclean:
	rm -rf $(B)
