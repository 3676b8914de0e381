/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Kamailio module for the bench: looks the same numbers up in our dial-plan and in the tables of mtree, pdt, drouting
 * and dialplan, all of them in shared memory of this server. Calls the function of each module that searches its table, without
 * what its script function does around it, so every one is measured by the same loop.
 *   bench.make <kind> <patterns>   makes ours, and lets drouting's loader read its tables
 *   bench.look <whom> <numbers>    {ns, sum}: nanoseconds for a look-up, and the sum of what was found
 * Called by RPC in one process alone, that of ctl. */
#include <dlfcn.h>

#include "core/mem/shm_mem.h"
#include "core/rpc.h"
#include "core/rpc_lookup.h"
#include "core/sr_module.h"
#include "modules/drouting/dr_load.h"
#include "modules/mtree/mtree.h"
#include "modules/pdt/pdtree.h"

#include "../../modules/ksr/ksr.h"
#include "plans.h"

MODULE_VERSION

static int mod_init(void);
static char *routes_url; /* database of drouting's tables */

/* clang-format off */
static param_export_t params[] = {
	{"routes", PARAM_STRING, &routes_url},
	{0, 0, 0}
};

struct module_exports exports = {
	"bench_lookups", DEFAULT_DLFLAGS, 0, params, 0, 0, 0, mod_init, 0, 0
};
/* clang-format on */

static struct plan plan;

struct in_mtree
{
	m_tree_t *tree;
	is_t *(*find)(m_tree_t *tree, str *number, int *len);
};

struct in_pdt
{
	pdt_tree_t *tree;
	str *(*find)(pdt_tree_t *tree, str *number, int *len);
};

struct in_drouting
{
	rt_data_t *data;
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
		const str *found = in->find(in->tree, &number, &len);

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

/* A function of a module that is loaded; NULL: it is not. */
static void *function_of(char *module, const char *name)
{
	const struct sr_module *m = find_module_by_name(module);

	return m ? dlsym(m->handle, name) : NULL;
}

static int load_drouting(void)
{
	static str gateways = str_init("dr_gateways"), rules = str_init("dr_rules"), lists = str_init("dr_gw_lists");
	str url = {routes_url, (int)strlen(routes_url)};
	__typeof__(&dr_load_routing_info) load = function_of("drouting", "dr_load_routing_info");
	__typeof__(&db_bind_mod) bind = function_of("drouting", "db_bind_mod"); /* of a library that it links */
	db_func_t db;
	db1_con_t *con;

	if(!load || !bind || bind(&url, &db) < 0 || !(con = db.init(&url)))
		return -1;
	drouting.data = load(&db, con, &gateways, &lists, &rules);
	drouting.find = function_of("drouting", "get_prefix");
	db.close(con);
	return drouting.data ? 0 : -1;
}

static int find_tables(void)
{
	m_tree_t *(*tree)(str *) = function_of("mtree", "mt_get_tree");
	pdt_tree_t **(*domains)(void) = function_of("pdt", "pdt_get_ptree");
	void *(*rules)(int) = function_of("dialplan", "select_dpid");
	str name = str_init("bench");

	mtree.tree = tree ? tree(&name) : NULL;
	mtree.find = function_of("mtree", "mt_get_tvalue");
	pdt.tree = domains && domains() ? *domains() : NULL;
	pdt.find = function_of("pdt", "get_domain");
	dialplan.rules = rules ? rules(1) : NULL;
	dialplan.find = function_of("dialplan", "dp_translate_helper");
	return routes_url ? load_drouting() : 0;
}

static const char *make_doc[] = {"Makes the patterns and the numbers: kind, how many patterns", NULL};

static void rpc_make(rpc_t *rpc, void *ctx)
{
	char *kind;
	int n;

	if(rpc->scan(ctx, "sd", &kind, &n) != 2 || n <= 0 || plan.conf.arena) {
		rpc->fault(ctx, 400, "bench.make <kind> <patterns>, once");
		return;
	}
	if(plan_make(&plan, &ksr_shm_alloc, kind, (unsigned)n) < 0)
		ksr_rpc_fault(rpc, ctx, &plan.err);
	else if(find_tables() < 0)
		rpc->fault(ctx, 500, "drouting's tables cannot be read");
}

static const char *look_doc[] = {
		"Looks the first so many numbers up: cube, mtree, pdt, drouting or dialplan; how many", NULL};

static void rpc_look(rpc_t *rpc, void *ctx)
{
	const struct
	{
		const char *name;
		plan_find *find;
		void *in;
		bool there;
	} all[] = {{"cube", plan_find_ours, &plan, true}, {"mtree", find_mtree, &mtree, mtree.tree && mtree.find},
			{"pdt", find_pdt, &pdt, pdt.tree && pdt.find},
			{"drouting", find_drouting, &drouting, drouting.data && drouting.find},
			{"dialplan", find_dialplan, &dialplan, dialplan.rules && dialplan.find}};
	uint64_t sum;
	char *whom;
	void *answer;
	int n;

	if(!plan.conf.arena || rpc->scan(ctx, "sd", &whom, &n) != 2 || n <= 0 || n > PLAN_NUMBERS)
		goto bad;
	for(unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if(strcmp(all[i].name, whom) != 0 || !all[i].there)
			continue;
		char ns[32]; /* as text: of a double ctl sends three decimals in as few bytes as it can */

		snprintf(ns, sizeof(ns), "%.1f", plan_time(&plan, all[i].find, all[i].in, (unsigned)n, &sum));
		if(rpc->add(ctx, "{", &answer) >= 0)
			rpc->struct_add(answer, "ss", "ns", ns, "sum", int2str(sum, NULL));
		return;
	}
bad:
	rpc->fault(ctx, 400, "bench.look <whom> <numbers>, behind bench.make");
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
