/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The least that somebody includes each header for: -DUSE=n is one of them, 0 is all.
 * For code size, stack and calls in the object code (tests/suites/perf.sh); what each
 * user is stands in the line of its number, which the suite reads.
 */
#define WANT(n) (USE == (n) || USE == 0)

#if WANT(1)	/* caps */
#include <inval/caps.h>

int user_caps(struct inval_caps *caps, const struct inval_idregs *regs)
{
	return inval_caps_read(caps, regs);
}
#endif

#if WANT(2)	/* cmd */
#include <inval/cmd.h>

int user_cmd(struct inval_cmd *cmds, uint32_t sid, uint16_t asid, uint16_t vmid)
{
	int err = inval_cmd_cfgi_ste(&cmds[0], false, sid, true);

	return err != 0 ? err : inval_cmd_tlbi(&cmds[1], INVAL_OP_TLBI_NH_ASID, asid, vmid);
}
#endif

#if WANT(3)	/* check */
#include <inval/check.h>

enum inval_reason user_check(const struct inval_caps *caps, const struct inval_cmd *cmd)
{
	return inval_check(caps, INVAL_SEC_NS, *cmd);
}
#endif

#if WANT(4)	/* text */
#include <inval/text.h>

size_t user_text(char *buf, size_t size, const struct inval_cmd *cmd)
{
	return inval_text_cmd(buf, size, *cmd);
}
#endif

#if WANT(5)	/* range */
#include <inval/range.h>

uint32_t user_range(struct inval_cmd *cmds, uint32_t max, const struct inval_range_req *req,
		    const struct inval_range_how *how)
{
	struct inval_range it;

	return inval_range_start(&it, req, how) == 0 ? inval_range_fill(&it, 0, cmds, max) : 0U;
}
#endif

#if WANT(6)	/* guest */
#include <inval/guest.h>

enum inval_verdict user_guest(const struct inval_guest *g, const struct inval_cmd *in,
			      const struct inval_guest_map *map, struct inval_guest_result *out)
{
	return inval_guest_vet(g, *in, inval_guest_map_find, map, out);
}
#endif

#if WANT(7)	/* tag */
#include <inval/tag.h>

int user_tag(struct inval_tags *t, uint32_t old, uint32_t *tag)
{
	int err = inval_tags_free(t, old, false);

	return err != 0 ? err : inval_tags_alloc(t, tag);
}
#endif

#if WANT(8)	/* smccc */
#include <inval/smccc.h>

int user_smccc(struct inval_smccc_attrs *attrs, const struct inval_smccc_ids *ids, uint64_t x[5])
{
	int err = inval_smccc_attrs_read(attrs, x);

	inval_smccc_ask_attrs(x, ids);
	return err;
}
#endif

#if WANT(9)	/* attr */
#include <inval/attr.h>

int user_attr(struct inval_plan *plan, const struct inval_attr_change *c)
{
	return inval_attr_plan(plan, c);
}
#endif

#if WANT(10)	/* array */
#include <inval/array.h>

int user_array(struct inval_array **out, void *mem, uint64_t bytes, struct inval_array *base,
	       struct inval_entry *list, uint32_t num)
{
	struct inval_unref res;
	int err = inval_array_ref(base, list, num);

	if (err != 0)
		err = inval_array_merge(out, mem, bytes, base, list, num);
	if (err != 0)
		inval_array_unref(base, list, num, &res);
	return err;
}
#endif

#if WANT(11)	/* queue */
#include <inval/queue.h>

int user_queue(struct inval_queue *q, const struct inval_cmd *cmds, uint32_t num)
{
	return inval_queue_run(q, cmds, num);
}
#endif

#if WANT(12)	/* flush */
#include <inval/flush.h>

int user_flush(struct inval_array *a, const struct inval_range_req *req, struct inval_flush *f)
{
	return inval_flush_array(a, req, f);
}
#endif

#if WANT(13)	/* domain */
#include <inval/domain.h>

int user_domain(struct inval_domain *d, struct inval_attach *t, void *mem, uint64_t bytes,
		const struct inval_range_req *req, struct inval_flush *f)
{
	int err = inval_attach_prepare(t, mem, bytes);

	if (err == 0)
		err = inval_attach_publish(t);
	if (err == 0)
		err = inval_domain_flush(d, req, f);
	return err != 0 ? err : inval_attach_commit(t, f);
}
#endif

#if WANT(14)	/* guestq */
#include <inval/guestq.h>

static int user_fetch(void *ctx, uint64_t ipa, uint64_t *mem)
{
	const uint64_t *from = (const uint64_t *)ctx + (ipa >> 3);

	mem[0] = from[0];
	mem[1] = from[1];
	return 0;
}

static int user_emulate(void *ctx, struct inval_cmd in, const struct inval_guest_result *res)
{
	*(volatile uint64_t *)ctx = in.d0 ^ res->cmd.d0;
	return 0;
}

int user_guestq(struct inval_guestq *q, uint32_t budget, struct inval_guestq_report *rep)
{
	return inval_guestq_run(q, budget, rep, user_fetch, inval_guest_map_find, user_emulate,
				inval_flush_issue, inval_flush_wait_queue);
}
#endif

#if WANT(15)	/* cache */
#include <inval/cache.h>

void user_cache(uint64_t va, uint64_t bytes)
{
	inval_cache_clean_inv(va, bytes);
}
#endif

#if WANT(16)	/* memregion */
#include <inval/memregion.h>

int user_memregion(struct inval_firmware *fw, const struct inval_region *r)
{
	return inval_provider_flush(&fw->p, r, inval_firmware_start, NULL);
}
#endif
