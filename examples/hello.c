/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * hello.c - attach a device, flush a page, detach; the SMMU is a thread that prints
 * the commands in its queue. From the root of the repository:
 *
 *	cc -Iinclude -Iexamples/port_c11 examples/hello.c -o hello -pthread && ./hello
 */
#include "printing_smmu.h"

static struct printing_smmu p;
static struct inval_smmu *smmus[] = { &p.smmu };
static struct inval_cmd batch[8], cfgi;
static struct inval_flush_wait waits[1];
static struct inval_flush flush = { smmus, 1, batch, 8, waits, 1, NULL, 0, 0, false };

int main(void)
{
	const uint32_t sid = 0x42;
	const struct inval_device device = { 0, &sid, 1, 12 };
	const struct inval_use use = { INVAL_REGIME_S2, false, true, false, 0, 7, 0 };
	const struct inval_range_req page = { 0x1000, 4096, 12, 12, true, false };
	struct inval_entry add[3], del[3];
	struct inval_domain domain;
	struct inval_attach t;
	uint64_t bytes;

	inval_domain_init(&domain);
	inval_cmd_cfgi_ste(&cfgi, false, sid, true);
	if (printing_smmu_start(&p) || puts("attach") < 0 ||
	    inval_attach_init(&t, &device, &domain, &use, NULL, NULL, add, del))
		return 1;
	bytes = inval_attach_bytes(&t);
	if (inval_attach_prepare(&t, malloc(bytes), bytes) || inval_attach_publish(&t))
		return 1;
	/* Here the stream table entry is written; CFGI makes the SMMU read it. */
	if (inval_queue_run(&p.queue, &cfgi, 1) || inval_attach_commit(&t, &flush))
		return 1;
	if (puts("flush") < 0 || inval_domain_flush(&domain, &page, &flush))
		return 1;
	if (puts("detach") < 0 ||
	    inval_attach_init(&t, &device, NULL, NULL, &domain, &use, add, del) ||
	    inval_attach_prepare(&t, NULL, 0) || inval_attach_publish(&t) ||
	    inval_queue_run(&p.queue, &cfgi, 1) || inval_attach_commit(&t, &flush))
		return 1;
	return inval_domain_fini(&domain);
}
