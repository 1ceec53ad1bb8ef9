/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * caps.h
 * 1. Each bit of each register alone sets exactly the feature or the bits of the
 *    number that the tables below give it (IHI 0070, 6.3), and nothing else.
 * 2. All bits at once and random registers are the sum of the single bits.
 * 3. The registers of QEMU's SMMUv3 decode to what that model has.
 * 4. An SMMU that is no SMMUv3, or a width beyond the architecture, is refused
 *    with the documented code, the output untouched; the widest is not refused.
 * 5. has asks for all of several features, drop takes away just the named ones.
 * 6. The default policy is the documented one; how to wait for a SYNC is the best that
 *    is there, in each world, and that no erratum forbids.
 */
#include <inval/caps.h>

#include "test.h"

enum reg { AIDR, IDR0, IDR1, IDR3, IDR5, IDR6, R_IDR0, R_IDR3, S_IDR0, S_IDR1, S_IDR3, REGS };

static const struct {
	enum reg reg;
	unsigned bit;
	uint64_t feat;
} feats[] = {
	{IDR0, 0, INVAL_FEAT_S2P},
	{IDR0, 1, INVAL_FEAT_S1P},
	{IDR0, 4, INVAL_FEAT_COHACC},
	{IDR0, 5, INVAL_FEAT_BTM},
	{IDR0, 9, INVAL_FEAT_HYP},
	{IDR0, 10, INVAL_FEAT_ATS},
	{IDR0, 11, INVAL_FEAT_NS1ATS},
	{IDR0, 13, INVAL_FEAT_MSI},
	{IDR0, 14, INVAL_FEAT_SEV},
	{IDR0, 16, INVAL_FEAT_PRI},
	{IDR0, 17, INVAL_FEAT_VMW},
	{IDR0, 30, INVAL_FEAT_RME},
	{IDR1, 29, INVAL_FEAT_QUEUES_PRESET},
	{IDR1, 31, INVAL_FEAT_ECMDQ},
	{IDR3, 7, INVAL_FEAT_MPAM},
	{IDR3, 8, INVAL_FEAT_FWB},
	{IDR3, 10, INVAL_FEAT_RIL},
	{IDR3, 15, INVAL_FEAT_DPT},
	{IDR5, 4, INVAL_FEAT_GRAN4K},
	{IDR5, 5, INVAL_FEAT_GRAN16K},
	{IDR5, 6, INVAL_FEAT_GRAN64K},
	{IDR5, 7, INVAL_FEAT_DS},
	{IDR5, 8, INVAL_FEAT_D128},
	{R_IDR0, 10, INVAL_FEAT_R_ATS},
	{R_IDR0, 13, INVAL_FEAT_R_MSI},
	{R_IDR0, 16, INVAL_FEAT_R_PRI},
	{R_IDR0, 31, INVAL_FEAT_R_ECMDQ},
	{R_IDR3, 15, INVAL_FEAT_R_DPT},
	{S_IDR0, 13, INVAL_FEAT_S_MSI},
	{S_IDR1, 29, INVAL_FEAT_SEL2},
	{S_IDR1, 31, INVAL_FEAT_SECURE},
	{S_IDR3, 6, INVAL_FEAT_SAMS},
};

/* Numbers, and where they stand. */
enum num { MINOR, SID, S_SID, SSID, CMDQ, PAGES, QUEUES, STALL, S_STALL, BBML, ASID, VMID, OAS, NUMS };

static const struct {
	enum reg reg;
	unsigned msb, lsb;
	const char *name;
} nums[NUMS] = {
	{AIDR, 3, 0, "minor"},
	{IDR1, 5, 0, "sid_bits"},
	{S_IDR1, 5, 0, "s_sid_bits"},
	{IDR1, 10, 6, "ssid_bits"},
	{IDR1, 25, 21, "cmdq_lg2"},
	{IDR6, 27, 24, "ecmdq_pages_lg2"},
	{IDR6, 19, 16, "ecmdq_queues_lg2"},
	{IDR0, 25, 24, "stall"},
	{S_IDR0, 25, 24, "s_stall"},
	{IDR3, 12, 11, "bbml"},
	{IDR0, 12, 12, "asid_bits"},
	{IDR0, 18, 18, "vmid_bits"},
	{IDR5, 2, 0, "oas_bits"},
};

static const unsigned oas[8] = {32, 36, 40, 42, 44, 48, 52, 56};

static struct inval_idregs regs_of(const uint32_t *v)
{
	struct inval_idregs r;

	r.aidr = v[AIDR];
	r.idr0 = v[IDR0];
	r.idr1 = v[IDR1];
	r.idr3 = v[IDR3];
	r.idr5 = v[IDR5];
	r.idr6 = v[IDR6];
	r.r_idr0 = v[R_IDR0];
	r.r_idr3 = v[R_IDR3];
	r.s_idr0 = v[S_IDR0];
	r.s_idr1 = v[S_IDR1];
	r.s_idr3 = v[S_IDR3];
	r.e2h = false;
	r.s_e2h = false;
	return r;
}

static unsigned num_of(const struct inval_caps *c, enum num n)
{
	switch (n) {
	case MINOR: return c->minor;
	case SID: return c->sid_bits;
	case S_SID: return c->s_sid_bits;
	case SSID: return c->ssid_bits;
	case CMDQ: return c->cmdq_lg2;
	case PAGES: return c->ecmdq_pages_lg2;
	case QUEUES: return c->ecmdq_queues_lg2;
	case STALL: return c->stall;
	case S_STALL: return c->s_stall;
	case BBML: return c->bbml;
	case ASID: return c->asid_bits;
	case VMID: return c->vmid_bits;
	case OAS: return c->oas_bits;
	case NUMS:
	default: return 0;
	}
}

/* What the registers say, read from the tables bit by bit. */
static unsigned want_num(const uint32_t *v, enum num n)
{
	unsigned bit, value = 0;

	for (bit = nums[n].lsb; bit <= nums[n].msb; bit++)
		if ((v[nums[n].reg] & (1U << bit)) != 0U)
			value += 1U << (bit - nums[n].lsb);
	if (n == ASID || n == VMID)
		return value != 0U ? 16 : 8;
	return n == OAS ? oas[value] : value;
}

static uint64_t want_feat(const uint32_t *v)
{
	uint64_t feat = 0;
	size_t i;

	for (i = 0; i < sizeof(feats) / sizeof(feats[0]); i++)
		if ((v[feats[i].reg] & (1U << feats[i].bit)) != 0U)
			feat |= feats[i].feat;
	return feat;
}

static int want_code(const uint32_t *v)
{
	if ((v[AIDR] & 0xf0U) != 0U)
		return -INVAL_EOPNOTSUPP;
	if (want_num(v, SID) > 32U || want_num(v, S_SID) > 32U || want_num(v, SSID) > 20U ||
	    want_num(v, CMDQ) > 19U)
		return -INVAL_ERANGE;
	return 0;
}

/* Read these registers and compare all that comes back. */
static void check_regs(const uint32_t *v, const char *what, unsigned a, unsigned b)
{
	struct inval_idregs r = regs_of(v);
	struct inval_caps c, old;
	int ret, n;

	memset(&c, 0x5a, sizeof(c));
	memset(&old, 0x5a, sizeof(old));
	ret = inval_caps_read(&c, &r);
	CHECK(ret == want_code(v), "%s %u %u: %d, not %d", what, a, b, ret, want_code(v));
	if (ret != 0) {
		CHECK(memcmp(&c, &old, sizeof(c)) == 0, "%s %u %u: wrote", what, a, b);
		return;
	}
	CHECK(c.feat == want_feat(v), "%s %u %u: features %llx, not %llx", what, a, b,
	      (unsigned long long)c.feat, (unsigned long long)want_feat(v));
	for (n = 0; n < NUMS; n++)
		CHECK(num_of(&c, (enum num)n) == want_num(v, (enum num)n), "%s %u %u: %s is %u",
		      what, a, b, nums[n].name, num_of(&c, (enum num)n));
}

TEST(caps, nothing_set)
{
	uint32_t v[REGS] = {0};

	check_regs(v, "zero", 0, 0);
}

TEST(caps, every_bit_alone)
{
	unsigned reg, bit;

	for (reg = 0; reg < REGS; reg++) {
		for (bit = 0; bit < 32U; bit++) {
			uint32_t v[REGS] = {0};

			v[reg] = 1U << bit;
			check_regs(v, "register, bit", reg, bit);
		}
	}
}

TEST(caps, features_are_one_bit_each_and_all_in_the_table)
{
	uint64_t all = INVAL_FEAT_E2H | INVAL_FEAT_S_E2H;
	size_t i;

	for (i = 0; i < sizeof(feats) / sizeof(feats[0]); i++) {
		uint64_t f = feats[i].feat;

		CHECK(f != 0U && (f & (f - 1U)) == 0U && (all & f) == 0U, "feature %u",
		      (unsigned)i);
		all |= f;
	}
	CHECK(all == (1ULL << (sizeof(feats) / sizeof(feats[0]) + 2U)) - 1U,
	      "features %llx", (unsigned long long)all);
}

TEST(caps, each_e2h_is_one_feature)
{
	uint32_t v[REGS] = {0};
	struct inval_idregs r = regs_of(v);
	struct inval_caps c;

	memset(&c, 0, sizeof(c));
	r.e2h = true;
	CHECK(inval_caps_read(&c, &r) == 0 && c.feat == INVAL_FEAT_E2H, "features %llx",
	      (unsigned long long)c.feat);
	r.e2h = false;
	r.s_e2h = true;
	CHECK(inval_caps_read(&c, &r) == 0 && c.feat == INVAL_FEAT_S_E2H, "features %llx",
	      (unsigned long long)c.feat);
}

TEST(caps, every_value_of_every_number)
{
	unsigned n, value;

	for (n = 0; n < NUMS; n++) {
		for (value = 0; value < 1U << (nums[n].msb - nums[n].lsb + 1U); value++) {
			uint32_t v[REGS] = {0};

			v[nums[n].reg] = value << nums[n].lsb;
			check_regs(v, nums[n].name, n, value);
		}
	}
}

TEST(caps, random_registers)
{
	uint64_t state = 1;
	unsigned i, reg;

	for (i = 0; i < 20000U; i++) {
		uint32_t v[REGS];

		for (reg = 0; reg < REGS; reg++)
			v[reg] = (uint32_t)(test_random(&state) >> 32);
		/* Else most are refused. */
		v[AIDR] &= ~0xf0U;
		if (i % 8U != 0U) {
			v[IDR1] &= ~((1U << 5) | (1U << 10) | (1U << 25));
			v[S_IDR1] &= ~(1U << 5);
		}
		check_regs(v, "random", i, 0);
	}
}

TEST(caps, widest_is_good_and_one_more_is_not)
{
	uint32_t v[REGS] = {0};
	struct inval_idregs r;
	struct inval_caps c;

	memset(&c, 0, sizeof(c));
	v[IDR1] = 32U | 20U << 6 | 19U << 21;
	v[S_IDR1] = 32U;
	r = regs_of(v);
	CHECK(inval_caps_read(&c, &r) == 0, "the widest is refused");
	CHECK(c.sid_bits == 32 && c.s_sid_bits == 32 && c.ssid_bits == 20 && c.cmdq_lg2 == 19,
	      "%u %u %u %u", c.sid_bits, c.s_sid_bits, c.ssid_bits, c.cmdq_lg2);
	r.idr1 = 33U;
	CHECK(inval_caps_read(&c, &r) == -INVAL_ERANGE, "SIDSIZE 33");
	r.idr1 = 21U << 6;
	CHECK(inval_caps_read(&c, &r) == -INVAL_ERANGE, "SSIDSIZE 21");
	r.idr1 = 20U << 21;
	CHECK(inval_caps_read(&c, &r) == -INVAL_ERANGE, "CMDQS 20");
	r.idr1 = 0;
	r.s_idr1 = 33U;
	CHECK(inval_caps_read(&c, &r) == -INVAL_ERANGE, "S_SIDSIZE 33");
	CHECK(c.sid_bits == 32 && c.cmdq_lg2 == 19, "a refusal wrote");
}

TEST(caps, another_major_is_refused)
{
	uint32_t v[REGS] = {0};
	struct inval_idregs r;
	struct inval_caps c;
	unsigned major;

	memset(&c, 0x5a, sizeof(c));
	for (major = 1; major < 16U; major++) {
		v[AIDR] = major << 4 | 2U;
		v[IDR1] = 63U;
		r = regs_of(v);
		CHECK(inval_caps_read(&c, &r) == -INVAL_EOPNOTSUPP, "major %u", major);
		CHECK(c.minor == 0x5a && c.sid_bits == 0x5a, "major %u wrote", major);
	}
}

/* QEMU 10.0.2, -M virt,iommu=smmuv3, as its registers read. */
TEST(caps, qemu)
{
	uint32_t v[REGS] = {0};
	struct inval_idregs r;
	struct inval_caps c;

	memset(&c, 0xff, sizeof(c));
	v[IDR0] = 0xd44101b;
	v[IDR1] = 0x2730010;
	v[IDR3] = 0x1414;
	v[IDR5] = 0x74;
	r = regs_of(v);
	CHECK(inval_caps_read(&c, &r) == 0, "refused");
	CHECK(c.feat == (INVAL_FEAT_S2P | INVAL_FEAT_S1P | INVAL_FEAT_COHACC | INVAL_FEAT_RIL |
			 INVAL_FEAT_GRAN4K | INVAL_FEAT_GRAN16K | INVAL_FEAT_GRAN64K),
	      "features %llx", (unsigned long long)c.feat);
	CHECK(c.minor == 0 && c.sid_bits == 16 && c.ssid_bits == 0 && c.asid_bits == 16 &&
	      c.vmid_bits == 16 && c.oas_bits == 44 && c.cmdq_lg2 == 19 && c.stall == 1 &&
	      c.bbml == 2 && c.s_sid_bits == 0 && c.s_stall == 0 && c.ecmdq_pages_lg2 == 0 &&
	      c.ecmdq_queues_lg2 == 0, "sid %u ssid %u asid %u vmid %u oas %u cmdq %u stall %u",
	      c.sid_bits, c.ssid_bits, c.asid_bits, c.vmid_bits, c.oas_bits, c.cmdq_lg2, c.stall);
}

TEST(caps, has_asks_for_all)
{
	struct inval_caps c;

	memset(&c, 0, sizeof(c));
	c.feat = INVAL_FEAT_S1P | INVAL_FEAT_SAMS;
	CHECK(inval_caps_has(&c, INVAL_FEAT_S1P), "one");
	CHECK(inval_caps_has(&c, INVAL_FEAT_SAMS), "one above bit 31");
	CHECK(inval_caps_has(&c, INVAL_FEAT_S1P | INVAL_FEAT_SAMS), "both");
	CHECK(!inval_caps_has(&c, INVAL_FEAT_S1P | INVAL_FEAT_S2P), "one of two");
	CHECK(!inval_caps_has(&c, INVAL_FEAT_S2P), "none");
	CHECK(inval_caps_has(&c, 0), "nothing asked");
}

TEST(caps, drop_takes_the_named_ones)
{
	struct inval_caps c, want;

	memset(&c, 0xff, sizeof(c));
	memset(&want, 0xff, sizeof(want));
	want.feat = ~(INVAL_FEAT_RIL | INVAL_FEAT_SAMS);
	inval_caps_drop(&c, INVAL_FEAT_RIL | INVAL_FEAT_SAMS);
	CHECK(memcmp(&c, &want, sizeof(c)) == 0, "features %llx", (unsigned long long)c.feat);
	inval_caps_drop(&c, INVAL_FEAT_RIL);
	CHECK(c.feat == want.feat, "dropped twice: %llx", (unsigned long long)c.feat);
}

TEST(caps, default_policy)
{
	struct inval_policy p;

	memset(&p, 0xff, sizeof(p));
	inval_policy_init(&p);
	CHECK(p.max_cmds == 512U && !p.one_command && p.atc_spans == 2U, "%u %d %u", p.max_cmds,
	      p.one_command, p.atc_spans);
	CHECK(!p.no_msi && !p.no_sev && !p.sync_each && !p.twice && !p.no_prefetch && !p.page0,
	      "errata");
}

/* The best that is there and that no erratum forbids, in each world. */
TEST(caps, policy_sync)
{
	static const uint64_t msi[] = { INVAL_FEAT_MSI, INVAL_FEAT_S_MSI, INVAL_FEAT_R_MSI };
	struct inval_policy p;
	struct inval_caps c;
	uint32_t i, sec;
	bool sev;

	memset(&c, 0, sizeof(c));
	inval_policy_init(&p);
	for (i = 0; i < 64U; i++) {
		p.no_msi = (i & 1U) != 0U;
		p.no_sev = (i & 2U) != 0U;
		c.feat = ((i & 4U) != 0U ? INVAL_FEAT_SEV : 0U) | ((i & 8U) != 0U ? msi[0] : 0U) |
			 ((i & 16U) != 0U ? msi[1] : 0U) | ((i & 32U) != 0U ? msi[2] : 0U);
		sev = (i & 4U) != 0U && !p.no_sev;
		for (sec = 0; sec < 3U; sec++)
			CHECK(inval_policy_sync(&p, &c, (enum inval_sec)sec) ==
			      ((c.feat & msi[sec]) != 0U && !p.no_msi ? INVAL_SYNC_MSI :
			       sev ? INVAL_SYNC_EVENT : INVAL_SYNC_POLL), "world %u, case %u", sec, i);
	}
}

TEST(caps, policy_page1)
{
	struct inval_policy p;

	inval_policy_init(&p);
	CHECK(inval_policy_page1(&p) == 0x10000U, "as the document says");
	p.page0 = true;
	CHECK(inval_policy_page1(&p) == 0U, "in page 0");
}
