/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * smmu.h: tests/model/world.h behind registers that trap. Threads of several vCPUs
 * come here; one at a time is let in. Memory is read while vCPUs write it, so what is
 * loose or unseen is up to the machine, not to the model.
 */
#include <pthread.h>

#include "smmu.h"
#include "model/world.h"

#define ACTS 6U

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct smmu_view *view;
static uint64_t accesses, syncs;

_Static_assert(SMMU_NUM == WORLD_SMMUS && SMMU_SIDS == WORLD_SIDS && SMMU_SSIDS == WORLD_SSIDS &&
	       SMMU_TABLES == WORLD_TABLES && SMMU_PAGES == WORLD_PAGES && SMMU_VA == WORLD_VA &&
	       SMMU_LG2 == WORLD_LG2, "smmu.h is not as the model");

static void done(struct model_queue *mq, const struct model_cmd *cmd)
{
	syncs += model_op(cmd) == MODEL_OP_SYNC;
	world_done(mq, cmd);
}

static void open_one(uint32_t i, uint64_t seed)
{
	struct world_smmu *s = &world.smmu[i];

	model_init(&s->m, seed + i);
	s->m.env.idr3 = i == 0U ? 1U << 10 : 0U;
	model_queue_init(&s->q, &s->m, s->slot, WORLD_LG2, WORLD_PA + ((uint64_t)i << 12), false,
			 true);
	s->q.legal = true;
	s->q.done = done;
	world_power_on(i);
	s->enabled = true;
}

void smmu_open(struct smmu_view *v, uint64_t seed)
{
	uint64_t guest = vm_share(&world, sizeof(world)), at = guest - (uint64_t)&world;
	const struct rules_env *env;
	uint32_t i;

	for (i = 0; i < SMMU_NUM; i++) {
		if (world.smmu[i].q.m != NULL)
			model_queue_fini(&world.smmu[i].q);
	}
	memset(&world, 0, sizeof(world));
	world_link();
	if (smmu_pte(3, 5, 7) != world_pte(3, 5, 7) || smmu_cd(3, 5) != world_cd(3, 5, false) ||
	    smmu_ste(SMMU_NESTED, 3, 5, true) != world_ste(WORLD_NESTED, 3, 5, true))
		world_wrong("smmu.h does not write as the model reads");
	view = v;
	v->ste = (uint64_t *)((uint64_t)world.mem.ste + at);
	v->cd = (uint64_t (*)[SMMU_SSIDS])((uint64_t)world.mem.cd + at);
	v->pte = (uint64_t (*)[SMMU_PAGES])((uint64_t)world.mem.pte + at);
	for (i = 0; i < SMMU_NUM; i++) {
		open_one(i, seed);
		v->slot[i] = (uint64_t *)((uint64_t)world.smmu[i].slot + at);
		env = &world.smmu[i].m.env;
		v->id[i][0] = env->aidr;
		v->id[i][1] = env->idr0;
		v->id[i][2] = env->idr1;
		v->id[i][3] = env->idr3;
		v->id[i][4] = env->idr5;
	}
}

static void check_empty(void)
{
	static const uint64_t none[WORLD_TAGS][WORLD_TAGS][WORLD_PAGES];
	uint32_t i;

	for (i = 0; i < SMMU_NUM; i++) {
		if (memcmp(world.smmu[i].nh, none, sizeof(none)) != 0 ||
		    memcmp(world.smmu[i].s2, none, sizeof(world.smmu[i].s2)) != 0)
			world_wrong("no domain is used, but a TLB is not empty");
	}
}

static void say(uint32_t cpu, enum smmu_say what)
{
	const uint64_t *a = view->say[cpu];
	uint32_t n = (uint32_t)a[0], i;

	switch (what) {
	case SMMU_SAY_STREAM:
		world_stream(n, (uint32_t)a[1]);
		break;
	case SMMU_SAY_ATS:
		world.stream[n].ats = a[1] != 0U;
		break;
	case SMMU_SAY_MOVING:
		world.stream[n].moving = a[1] != 0U;
		break;
	case SMMU_SAY_GONE:
		world.stream[n].gone = a[1] != 0U;
		memset(world.stream[n].atc, 0, sizeof(world.stream[n].atc));
		break;
	case SMMU_SAY_FREED:
		world_freed(n, (uint32_t)a[1], a[2]);
		break;
	case SMMU_SAY_CONFIGURED:
		world_configured(n, 0, a[1], a[2]);
		break;
	case SMMU_SAY_ASID:
	case SMMU_SAY_VMID:
		for (i = 0; i < SMMU_NUM; i++)
			world_taken(i, what == SMMU_SAY_VMID, n);
		break;
	case SMMU_SAY_EMPTY:
		check_empty();
		break;
	default:
		world_wrong("the guest says what nobody understands");
	}
}

static void access_queue(struct model_queue *mq, uint32_t offset, uint32_t bytes, bool write,
			 uint64_t *value)
{
	if (bytes != 4U)
		world_wrong("a register of the queue is accessed by 8 bytes");
	else if (write)
		model_queue_write32(mq, offset, (uint32_t)*value);
	else
		*value = model_queue_read32(mq, offset);
}

/* Before the access and behind it: what a poll reads, and what a write begins. */
static void act(void)
{
	uint32_t i, n = world_chance(ACTS);

	for (; n != 0U; n--) {
		world_act();
		for (i = 0; i < SMMU_NUM; i++) {
			model_queue_step(&world.smmu[i].q);
			model_queue_step(&world.smmu[i].q);
		}
	}
}

void smmu_mmio(uint32_t cpu, uint32_t offset, uint32_t bytes, bool write, uint64_t *value)
{
	pthread_mutex_lock(&lock);
	accesses++;
	act();
	if (offset < SMMU_SAY)
		access_queue(&world.smmu[offset >> 12].q, offset & 0xfffU, bytes, write, value);
	else if (offset == SMMU_SAY && write)
		say(cpu, (enum smmu_say)*value);
	else
		world_wrong("an access to nothing");
	act();
	pthread_mutex_unlock(&lock);
}

void smmu_check(void)
{
	printf("    # %llu accesses, %llu SYNCs\n", (unsigned long long)accesses,
	       (unsigned long long)syncs);
	if (world_faults() != 0U)
		printf("    # %u faults, the first: %s\n", world_faults(), world_fault());
	vm_check(world_faults() == 0U, "no stale translation, no fault of software");
}
