/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Kamailio module for the bench: looks the same numbers up in our dial-plan and in the tables of mtree, pdt, drouting
 * and dialplan, all of them in shared memory of this server. Calls the function of each module that searches its table, without
 * what its script function does around it, so every one is measured by the same loop. The tables of mtree, pdt and drouting are
 * filled by the calls that their loaders make for each row, in the same order: with a million rows of db_text those take minutes.
 * dialplan has loaded its own.
 *   bench.make <kind> <patterns>   makes ours, and fills those of the modules that are loaded
 *   bench.look <whom> <numbers>    {ns, sum}: nanoseconds for a look-up, and the sum of what was found
 * Called by RPC in one process alone, that of ctl. */
#include <dlfcn.h>

#include "core/mem/shm_mem.h"
#include "core/rpc.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"
#include "modules/drouting/routing.h"
#include "modules/mtree/mtree.h"
#include "modules/pdt/pdtree.h"

#include "../../modules/ksr/ksr.h"
#include "plans.h"

MODULE_VERSION

static int mod_init(void);

/* clang-format off */
struct module_exports exports = {
	"bench_lookups", DEFAULT_DLFLAGS, 0, 0, 0, 0, 0, mod_init, 0, 0
};
/* clang-format on */

static struct plan plan;

struct in_mtree
{
	m_tree_t *tree;
	int (*add)(m_tree_t *tree, str *prefix, str *value);
	is_t *(*find)(m_tree_t *tree, str *number, int *len);
};

struct in_pdt
{
	pdt_tree_t **domains;
	int (*add)(pdt_tree_t **domains, str *domain, str *prefix, str *value);
	str *(*find)(pdt_tree_t *tree, str *number, int *len);
};

struct in_drouting
{
	rt_data_t *data;
	dr_tmrec_t *(*always)(void);
	rt_info_t *(*rule)(int priority, dr_tmrec_t *when, int route, char *gateways, pgw_t *known);
	int (*add)(ptree_t *tree, str *prefix, rt_info_t *rule, unsigned int group);
	rt_info_t *(*find)(ptree_t *tree, str *number, unsigned int group);
};

/* dialplan.h wants libpcre's headers. */
struct in_dialplan
{
	void *rules;
	int (*find)(sip_msg_t *msg, str *number, str *output, void *rules, str *attrs);
};

static struct in_mtree mtree;
static struct in_pdt pdt;
static struct in_drouting drouting;
static struct in_dialplan dialplan;

static uint64_t number_of(const char *s, int len)
{
	uint64_t n = 0;

	for(int i = 0; i < len; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	return n;
}

static uint64_t find_mtree(void *ctx, const struct cube_str *numbers, unsigned n)
{
	const struct in_mtree *in = ctx;
	uint64_t sum = 0;

	for(unsigned i = 0; i < n; i++) {
		str number = ksr_str(numbers[i]);
		int len;
		const is_t *found = in->find(in->tree, &number, &len);

		sum += found ? (uint64_t)found->n : 0;
	}
	return sum;
}

static uint64_t find_pdt(void *ctx, const struct cube_str *numbers, unsigned n)
{
	const struct in_pdt *in = ctx;
	uint64_t sum = 0;

	for(unsigned i = 0; i < n; i++) {
		str number = ksr_str(numbers[i]);
		int len;
		const str *found = in->find(*in->domains, &number, &len);

		sum += found ? number_of(found->s, found->len) : 0;
	}
	return sum;
}

static uint64_t find_drouting(void *ctx, const struct cube_str *numbers, unsigned n)
{
	const struct in_drouting *in = ctx;
	uint64_t sum = 0;

	for(unsigned i = 0; i < n; i++) {
		str number = ksr_str(numbers[i]);
		const rt_info_t *found = in->find(in->data->pt, &number, 0);

		sum += found ? found->priority : 0;
	}
	return sum;
}

static uint64_t find_dialplan(void *ctx, const struct cube_str *numbers, unsigned n)
{
	const struct in_dialplan *in = ctx;
	uint64_t sum = 0;

	for(unsigned i = 0; i < n; i++) {
		str number = ksr_str(numbers[i]), found;

		if(in->find(NULL, &number, NULL, in->rules, &found) == 0)
			sum += number_of(found.s, found.len);
	}
	return sum;
}

static void *function_of(char *module, const char *name)
{
	return dlsym(find_module_by_name(module)->handle, name);
}

/* value: a pattern's number in the list, from 1, which is what is to be found. */
static int each_pattern(int (*add)(str *prefix, str *value))
{
	for(size_t i = 0; i < plan.conf.n_dial_peers; i++) {
		const struct cube_dial_peer *peer = &plan.conf.dial_peers[i];
		str prefix = ksr_str(peer->destination_pattern), value;

		value.s = int2str((unsigned long)peer->tag, &value.len);
		if(add(&prefix, &value) != 0)
			return -1;
	}
	return 0;
}

static int add_mtree(str *prefix, str *value)
{
	return mtree.add(mtree.tree, prefix, value);
}

static int fill_mtree(void)
{
	m_tree_t *(*tree)(str *) = function_of("mtree", "mt_get_tree");
	str name = str_init("bench");

	mtree.tree = tree ? tree(&name) : NULL;
	mtree.add = function_of("mtree", "mt_add_to_tree");
	mtree.find = function_of("mtree", "mt_get_tvalue");
	return mtree.tree && mtree.add && mtree.find ? each_pattern(add_mtree) : -1;
}

static int add_pdt(str *prefix, str *value)
{
	str all = str_init("*");

	return pdt.add(pdt.domains, &all, prefix, value);
}

static int fill_pdt(void)
{
	pdt_tree_t **(*domains)(void) = function_of("pdt", "pdt_get_ptree");

	pdt.domains = domains ? domains() : NULL;
	pdt.add = function_of("pdt", "pdt_add_to_tree");
	pdt.find = function_of("pdt", "get_domain");
	return pdt.domains && pdt.add && pdt.find ? each_pattern(add_pdt) : -1;
}

/* As its loader does: each rule has a record of times of its own, empty here, and a list of gateways. */
static int add_drouting(str *prefix, str *value)
{
	char gateways[] = "1";
	dr_tmrec_t *when = drouting.always();
	rt_info_t *rule;

	if(!when)
		return -1;
	rule = drouting.rule((int)number_of(value->s, value->len), when, 0, gateways, drouting.data->pgw_l);
	return rule ? drouting.add(drouting.data->pt, prefix, rule, 0) : -1;
}

static int fill_drouting(void)
{
	__typeof__(&build_rt_data) data = function_of("drouting", "build_rt_data");
	__typeof__(&add_dst) gateway = function_of("drouting", "add_dst");
	char address[] = "127.0.0.1", none[] = "";

	drouting.always = function_of("drouting", "dr_tmrec_new");
	drouting.rule = function_of("drouting", "build_rt_info");
	drouting.add = function_of("drouting", "add_prefix");
	drouting.find = function_of("drouting", "get_prefix");
	if(!data || !gateway || !drouting.always || !drouting.rule || !drouting.add || !drouting.find)
		return -1;
	drouting.data = data();
	if(!drouting.data || gateway(drouting.data, 1, address, 0, none, 1, none) < 0)
		return -1;
	return each_pattern(add_drouting);
}

static int take_dialplan(void)
{
	void *(*rules)(int) = function_of("dialplan", "select_dpid");

	dialplan.rules = rules ? rules(1) : NULL;
	dialplan.find = function_of("dialplan", "dp_translate_helper");
	return dialplan.rules && dialplan.find ? 0 : -1;
}

static const struct other
{
	char *name;
	int (*fill)(void);
	plan_find *find;
	void *in;
} others[] = {{"mtree", fill_mtree, find_mtree, &mtree}, {"pdt", fill_pdt, find_pdt, &pdt},
		{"drouting", fill_drouting, find_drouting, &drouting}, {"dialplan", take_dialplan, find_dialplan, &dialplan}};

#define N_OTHERS (sizeof(others) / sizeof(others[0]))

static const char *make_doc[] = {"Makes the patterns and the numbers: kind, how many patterns", NULL};

static void rpc_make(rpc_t *rpc, void *ctx)
{
	char *kind;
	int n;

	if(rpc->scan(ctx, "sd", &kind, &n) != 2 || n <= 0 || plan.conf.arena) {
		rpc->fault(ctx, 400, "bench.make <kind> <patterns>, once");
		return;
	}
	if(plan_make(&plan, &ksr_shm_alloc, kind, (unsigned)n) < 0) {
		ksr_rpc_fault(rpc, ctx, &plan.err);
		return;
	}
	for(const struct other *other = others; other < others + N_OTHERS; other++) {
		if(find_module_by_name(other->name) && other->fill() < 0) {
			rpc->fault(ctx, 500, "the table of %s cannot be filled", other->name);
			return;
		}
	}
}

static const char *look_doc[] = {
		"Looks the first so many numbers up: cube, mtree, pdt, drouting or dialplan; how many", NULL};

static double look(const char *whom, unsigned n, uint64_t *sum)
{
	if(strcmp(whom, "cube") == 0)
		return plan_time(&plan, plan_find_ours, &plan, n, sum);
	for(const struct other *other = others; other < others + N_OTHERS; other++) {
		if(strcmp(other->name, whom) == 0 && find_module_by_name(other->name))
			return plan_time(&plan, other->find, other->in, n, sum);
	}
	return -1;
}

static void rpc_look(rpc_t *rpc, void *ctx)
{
	char *whom, text[32]; /* as text: of a double ctl sends three decimals in as few bytes as it can */
	uint64_t sum;
	void *answer;
	double ns = -1;
	int n;

	if(plan.conf.arena && rpc->scan(ctx, "sd", &whom, &n) == 2 && n > 0 && n <= PLAN_NUMBERS)
		ns = look(whom, (unsigned)n, &sum);
	if(ns < 0) {
		rpc->fault(ctx, 400, "bench.look <whom> <numbers>, behind bench.make");
		return;
	}
	snprintf(text, sizeof(text), "%.1f", ns);
	if(rpc->add(ctx, "{", &answer) >= 0)
		rpc->struct_add(answer, "ss", "ns", text, "sum", int2str(sum, NULL));
}

/* clang-format off */
static rpc_export_t rpcs[] = {
	{"bench.make", rpc_make, make_doc, 0},
	{"bench.look", rpc_look, look_doc, 0},
	{0, 0, 0, 0}
};
/* clang-format on */

static int mod_init(void)
{
	return rpc_register_array(rpcs) == 0 ? 0 : -1;
}
