/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * unit.c - one of two translation units of a program, each with a port of its own:
 * compiled with -DUNIT=NAME, and as C++ with -DINVAL_NAMESPACE=NAME. Its domain and its
 * queue are its own; in the program only UNIT's name is seen.
 */
#define INVAL_WITH_DOMAIN
#include <inval.h>

#include "../../selftests/inval_selftest.h"
#include "two_ports.h"

#include <pthread.h>
#include <stdlib.h>

/* Ports whose threads say when they begin and end define these. */
#ifndef UNIT_BEGIN
#define UNIT_BEGIN()
#define UNIT_END()
#endif

#ifdef INVAL_NAMESPACE
using namespace INVAL_NAMESPACE;
#endif

#define LG2 3U
#define SID 5U

static uint32_t regs[64];
static uint64_t slots[2U << LG2], book[2U << LG2], stop, atcs, tlbis;
static struct inval_queue queue;
static struct inval_smmu smmu;
static struct inval_smmu *smmus[] = { &smmu };
static struct inval_cmd batch[4];
static struct inval_flush_wait waits[1];
static struct inval_flush flush = { smmus, 1, batch, 4, waits, 1, NULL, 0, 0, false };

/* The SMMU: counts what it is told to forget. */
static void *consume(void *arg)
{
	const inval_mmio base = (inval_mmio)(void *)regs;
	uint32_t pos = 0, op;

	(void)arg;
	while (inval_port_load_acquire64(&stop) == 0U) {
		if (inval_port_mmio_read32(base, INVAL_REG_CMDQ_PROD) == pos) {
			inval_port_relax();
			continue;
		}
		op = (uint32_t)inval_cmd_load(&slots[2U * (pos % (1U << LG2))]).d0 & 0xffU;
		atcs += op == INVAL_OP_ATC_INV ? 1U : 0U;
		tlbis += op == INVAL_OP_TLBI_S2_IPA ? 1U : 0U;
		pos = (pos + 1U) % (2U << LG2);
		inval_port_mmio_write32(base, INVAL_REG_CMDQ_CONS, pos);
	}
	return NULL;
}

static int start(pthread_t *thread)
{
	const struct inval_idregs id = { 0, 0x40413, 0x800010, 0, 0x15, 0, 0, 0, 0, 0, 0,
					 false, false };
	struct inval_queue_config config;
	int err = inval_caps_read(&smmu.caps, &id);

	inval_policy_init(&smmu.policy);
	inval_queue_config_init(&config, &smmu.caps, &smmu.policy, INVAL_SEC_NS);
	config.base = (inval_mmio)(void *)regs;
	config.mem = slots;
	config.book = book;
	config.size_lg2 = LG2;
	smmu.queue = &queue;
	if (err == 0)
		err = inval_queue_init(&queue, &config);
	return err != 0 ? err : -pthread_create(thread, NULL, consume, NULL);
}

/* One change of domain, with the CFGI_STE that the embedder sends. */
static int change(struct inval_domain *to, struct inval_domain *from)
{
	const uint32_t sid = SID;
	const struct inval_device device = { 0, &sid, 1, 12 };
	const struct inval_use use = { INVAL_REGIME_S2, false, INVAL_EATS_FULL, false, 0, 7, 0 };
	struct inval_entry add[3], del[3];
	struct inval_attach t;
	struct inval_cmd cfgi;
	uint64_t bytes;
	int err = inval_attach_init(&t, &device, to, &use, from, &use, add, del);

	bytes = err == 0 ? inval_attach_bytes(&t) : 0;
	if (err == 0)
		err = inval_attach_prepare(&t, bytes != 0U ? malloc(bytes) : NULL, bytes);
	if (err == 0)
		err = inval_attach_publish(&t);
	if (err == 0)
		err = inval_cmd_cfgi_ste(&cfgi, false, sid, true);
	if (err == 0)
		err = inval_queue_run(&queue, &cfgi, 1);
	return err != 0 ? err : inval_attach_commit(&t, &flush);
}

static int life(struct inval_domain *domain)
{
	const struct inval_range_req page = { 0x1000, 4096, 12, 12, true, false };
	uint32_t i;
	int err = 0;

	for (i = 0; i < UNIT_ROUNDS && err == 0; i++) {
		inval_domain_init(domain);
		err = change(domain, NULL);
		if (err == 0)
			err = inval_domain_flush(domain, &page, &flush);
		if (err == 0)
			err = change(NULL, domain);
		if (err == 0)
			err = inval_domain_fini(domain);
	}
	return err;
}

uint64_t UNIT(uint64_t *ctx_bytes)
{
	static struct inval_selftest test;
	static struct inval_domain domain;
	static uint32_t words[INVAL_SELFTEST_WORDS];
	uint64_t bad = 0;
	pthread_t thread;

	UNIT_BEGIN();
	*ctx_bytes = sizeof(domain);
	bad += inval_selftest_run(&test, (inval_mmio)(void *)words, words) != 0U ? 1U : 0U;
	if (start(&thread) != 0)
		return bad + 1U;
	bad += life(&domain) != 0 ? 1U : 0U;
	inval_port_store_release64(&stop, 1);
	pthread_join(thread, NULL);
	bad += tlbis != UNIT_ROUNDS || atcs != UNIT_ROUNDS ? 1U : 0U;
	UNIT_END();
	return bad;
}
