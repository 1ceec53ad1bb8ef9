/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hello.c - attach a device, flush a page, detach; the SMMU is a thread that prints
 * the commands in its queue. From the root of the repository:
 *
 *	cc -Iinclude -Iexamples/port_c11 examples/hello.c -o hello -pthread && ./hello
 */
#include <inval.h>

static uint32_t regs[64];
static uint64_t slots[2 * 16], book[2 * 16];
static struct inval_queue queue;
static struct inval_smmu smmu, *smmus[] = { &smmu };
static struct inval_cmd batch[8], cfgi;
static struct inval_flush_wait waits[1];
static struct inval_flush flush = { smmus, 1, batch, 8, waits, 1, NULL, 0, 0 };
static const uint32_t sid = 0x42;
static const struct inval_device device = { 0, &sid, 1, 12 };
static const struct inval_use use = { INVAL_REGIME_S2, false, true, false, 0, 7, 0 };

/* PROD and CONS: the slot in bits 3:0, the lap in bit 4. */
static void *consume(void *line)
{
	uint32_t pos;

	for (pos = 0;; pos = (pos + 1) % 32) {
		__atomic_store_n(&regs[INVAL_REG_CMDQ_CONS / 4], pos, __ATOMIC_RELEASE);
		while (__atomic_load_n(&regs[INVAL_REG_CMDQ_PROD / 4], __ATOMIC_ACQUIRE) == pos)
			sched_yield();
		inval_text_cmd((char *)line, 256, inval_cmd_load(&slots[2 * (pos % 16)]));
		printf("  %s\n", (char *)line);
	}
	return NULL;
}

/* The device goes over to a domain; NULL is none. */
static int move(struct inval_domain *to, struct inval_domain *from)
{
	struct inval_entry add[3], del[3];
	struct inval_attach t;
	uint64_t bytes;

	if (inval_attach_init(&t, &device, to, &use, from, &use, add, del))
		return 1;
	bytes = inval_attach_bytes(&t);
	if (inval_attach_prepare(&t, bytes ? malloc(bytes) : NULL, bytes) ||
	    inval_attach_publish(&t))
		return 1;
	/* Here the stream table entry is written; CFGI makes the SMMU read it. */
	return inval_queue_run(&queue, &cfgi, 1) || inval_attach_commit(&t, &flush);
}

int main(void)
{
	/* AIDR, IDR0, 1, 3 and 5: stage 2, ATS, range invalidation. */
	const struct inval_idregs id = { 0, 0x40411, 0x800010, 0x400, 0x15, 0, 0, 0, 0, 0, 0, false };
	const struct inval_queue_config config = { (inval_mmio)(void *)regs, slots, book, 4, 0,
						   1000000, 1, true, false };
	const struct inval_range_req page = { 0x1000, 4096, 12, 12, true, false };
	static struct inval_domain domain;
	static char line[256];
	pthread_t thread;

	inval_policy_init(&smmu.policy);
	inval_cmd_cfgi_ste(&cfgi, false, sid, true);
	inval_domain_init(&domain);
	smmu.queue = &queue;
	if (inval_caps_read(&smmu.caps, &id) || inval_queue_init(&queue, &config) ||
	    pthread_create(&thread, NULL, consume, line))
		return 1;
	if (puts("attach") < 0 || move(&domain, NULL) ||
	    puts("flush") < 0 || inval_domain_flush(&domain, &page, &flush) ||
	    puts("detach") < 0 || move(NULL, &domain))
		return 1;
	return inval_domain_fini(&domain);
}
