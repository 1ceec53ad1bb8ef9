/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd.h
 * The judge is the table below: the commands of IHI 0070, 4.2 to 4.8, spelled as
 * the document spells them, and literal command words.
 * 1. Every opcode has exactly the fields of the table, where the table has them;
 *    every other opcode has none. A layout's mask is the bits of its fields.
 * 2. Each of the 128 bits alone, with each opcode, decodes to the one field that
 *    owns it, and encodes back to itself; a bit nobody owns is in no field.
 * 3. Random fields survive encode and decode; random words survive decode and
 *    encode but for the bits nobody owns.
 * 4. The generic encoder refuses fields of other commands and values with a bit
 *    outside their field.
 * 5. Each encoder gives the literal words, agrees with the generic encoder for
 *    random arguments, and refuses what does not fit.
 * 6. A refusal has the documented code and leaves the output untouched.
 * 7. In memory a command is little-endian on every CPU; the words that other
 *    parts write into a command by shift are where the fields are.
 */
#include <inval/cmd.h>

#include "test.h"

#define SID 0x12345678U
#define SSID 0xabcdeU
#define VMID 0xbeefU
#define ASID 0xcafeU
#define VA 0xfedcba9876543000ULL
#define IPA 0x00dcba9876543000ULL

#define RIL_D0 "num:16-12 scale:25-20 "
#define RIL_D1 "leaf:0-0 ttl128:7-7 ttl:9-8 tg:11-10 "
#define PASID "ssv:11-11 ssid:31-12 sid:63-32 "

static const struct row {
	uint32_t op;
	enum inval_op named;
	const char *d0, *d1;	/* name:msb-lsb, a blank after each */
} rows[] = {
	{0x01, INVAL_OP_PREFETCH_CONFIG, "ssec:10-10 " PASID, ""},
	{0x02, INVAL_OP_PREFETCH_ADDR,
	 "ssec:10-10 " PASID, "pf_size:4-0 pf_stride:9-5 pf_ns:11-11 va:63-12 "},
	{0x03, INVAL_OP_CFGI_STE, "ssec:10-10 sid:63-32 ", "leaf:0-0 "},
	{0x04, INVAL_OP_CFGI_STE_RANGE, "ssec:10-10 sid:63-32 ", "range:4-0 "},
	{0x05, INVAL_OP_CFGI_CD, "ssec:10-10 ssid:31-12 sid:63-32 ", "leaf:0-0 "},
	{0x06, INVAL_OP_CFGI_CD_ALL, "ssec:10-10 sid:63-32 ", ""},
	{0x07, INVAL_OP_CFGI_VMS_PIDM, "ssec:10-10 vmid:47-32 ", ""},
	{0x10, INVAL_OP_TLBI_NH_ALL, "vmid:47-32 ", ""},
	{0x11, INVAL_OP_TLBI_NH_ASID, "vmid:47-32 asid:63-48 ", ""},
	{0x12, INVAL_OP_TLBI_NH_VA, RIL_D0 "vmid:47-32 asid:63-48 ", RIL_D1 "va:63-12 "},
	{0x13, INVAL_OP_TLBI_NH_VAA, RIL_D0 "vmid:47-32 ", RIL_D1 "va:63-12 "},
	{0x18, INVAL_OP_TLBI_EL3_ALL, "", ""},
	{0x1a, INVAL_OP_TLBI_EL3_VA, RIL_D0, RIL_D1 "va:63-12 "},
	{0x20, INVAL_OP_TLBI_EL2_ALL, "", ""},
	{0x21, INVAL_OP_TLBI_EL2_ASID, "asid:63-48 ", ""},
	{0x22, INVAL_OP_TLBI_EL2_VA, RIL_D0 "asid:63-48 ", RIL_D1 "va:63-12 "},
	{0x23, INVAL_OP_TLBI_EL2_VAA, RIL_D0, RIL_D1 "va:63-12 "},
	{0x28, INVAL_OP_TLBI_S12_VMALL, "vmid:47-32 ", ""},
	{0x2a, INVAL_OP_TLBI_S2_IPA, RIL_D0 "vmid:47-32 ", RIL_D1 "ipa:55-12 "},
	{0x30, INVAL_OP_TLBI_NSNH_ALL, "", ""},
	{0x40, INVAL_OP_ATC_INV, "global:9-9 " PASID, "atc_size:5-0 va:63-12 "},
	{0x41, INVAL_OP_PRI_RESP, PASID, "prg:8-0 resp:13-12 "},
	{0x44, INVAL_OP_RESUME, "ssec:10-10 ac:12-12 ab:13-13 sid:63-32 ", "stag:15-0 "},
	{0x45, INVAL_OP_STALL_TERM, "ssec:10-10 sid:63-32 ", ""},
	{0x46, INVAL_OP_SYNC,
	 "cs:13-12 msh:23-22 msi_attr:27-24 msi_data:63-32 ", "msi_addr:55-2 msi_ns:63-63 "},
	{0x50, INVAL_OP_TLBI_S_EL2_ALL, "", ""},
	{0x51, INVAL_OP_TLBI_S_EL2_ASID, "asid:63-48 ", ""},
	{0x52, INVAL_OP_TLBI_S_EL2_VA, RIL_D0 "asid:63-48 ", RIL_D1 "va:63-12 "},
	{0x53, INVAL_OP_TLBI_S_EL2_VAA, RIL_D0, RIL_D1 "va:63-12 "},
	{0x58, INVAL_OP_TLBI_S_S12_VMALL, "vmid:47-32 ", ""},
	{0x5a, INVAL_OP_TLBI_S_S2_IPA, RIL_D0 "vmid:47-32 ", RIL_D1 "ipa:55-12 "},
	{0x60, INVAL_OP_TLBI_SNH_ALL, "", ""},
	{0x70, INVAL_OP_DPTI_ALL, "", ""},
	{0x73, INVAL_OP_DPTI_PA, "", ""},
};

static const struct name {
	enum inval_fld fld;
	const char *name;
	bool in_place;
} names[] = {
	{INVAL_FLD_GLOBAL, "global", false},
	{INVAL_FLD_SSEC, "ssec", false},
	{INVAL_FLD_SSV, "ssv", false},
	{INVAL_FLD_SSID, "ssid", false},
	{INVAL_FLD_SID, "sid", false},
	{INVAL_FLD_NUM, "num", false},
	{INVAL_FLD_SCALE, "scale", false},
	{INVAL_FLD_VMID, "vmid", false},
	{INVAL_FLD_ASID, "asid", false},
	{INVAL_FLD_AC, "ac", false},
	{INVAL_FLD_AB, "ab", false},
	{INVAL_FLD_CS, "cs", false},
	{INVAL_FLD_MSH, "msh", false},
	{INVAL_FLD_MSI_ATTR, "msi_attr", false},
	{INVAL_FLD_MSI_DATA, "msi_data", false},
	{INVAL_FLD_LEAF, "leaf", false},
	{INVAL_FLD_TTL128, "ttl128", false},
	{INVAL_FLD_TTL, "ttl", false},
	{INVAL_FLD_TG, "tg", false},
	{INVAL_FLD_VA, "va", true},
	{INVAL_FLD_IPA, "ipa", true},
	{INVAL_FLD_RANGE, "range", false},
	{INVAL_FLD_ATC_SIZE, "atc_size", false},
	{INVAL_FLD_PF_SIZE, "pf_size", false},
	{INVAL_FLD_PF_STRIDE, "pf_stride", false},
	{INVAL_FLD_PF_NS, "pf_ns", false},
	{INVAL_FLD_PRG, "prg", false},
	{INVAL_FLD_RESP, "resp", false},
	{INVAL_FLD_STAG, "stag", false},
	{INVAL_FLD_MSI_ADDR, "msi_addr", true},
	{INVAL_FLD_MSI_NS, "msi_ns", false},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))
#define N_NAMES (sizeof(names) / sizeof(names[0]))

/* Where the table has a field: its mask in a word, 0 if it does not. */
static uint64_t mask_in(const char *list, const char *name, unsigned *lsb)
{
	size_t n = strlen(name);
	uint64_t mask = 0;
	unsigned msb, bit;

	for (; *list != '\0'; list = strchr(list, ' ') + 1) {
		if (strncmp(list, name, n) != 0 || list[n] != ':')
			continue;
		if (sscanf(list + n, ":%u-%u", &msb, lsb) != 2)
			return 0;
		for (bit = *lsb; bit <= msb; bit++)
			mask |= 1ULL << bit;
	}
	return mask;
}

static const struct row *row_of(uint32_t op)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		if (rows[i].op == op)
			return &rows[i];
	return NULL;
}

static const struct name *name_of(uint32_t fld)
{
	size_t i;

	for (i = 0; i < N_NAMES; i++)
		if (names[i].fld == fld)
			return &names[i];
	return NULL;
}

/* A field of a command by the table: its mask in @word; 0 if the command has none. */
static uint64_t field(const struct row *row, const struct name *n, unsigned *word, unsigned *lsb)
{
	uint64_t mask;

	*word = 0;
	*lsb = 0;
	if (row == NULL)
		return 0;
	mask = mask_in(row->d0, n->name, lsb);
	if (mask != 0U)
		return mask;
	*word = 1;
	return mask_in(row->d1, n->name, lsb);
}

/* All bits that the table gives to fields of a command. */
static struct inval_cmd owned(const struct row *row)
{
	struct inval_cmd mask = {0, 0};
	unsigned word, lsb;
	uint64_t bits;
	size_t i;

	for (i = 0; i < N_NAMES; i++) {
		bits = field(row, &names[i], &word, &lsb);
		if (bits != 0U && word == 0U)
			mask.d0 |= bits;
		else if (bits != 0U)
			mask.d1 |= bits;
	}
	return mask;
}

static bool no_encoder(uint32_t op)
{
	return op == 0x73U || op == 0x5aU;
}

static struct inval_cmd words(uint64_t d0, uint64_t d1)
{
	struct inval_cmd cmd;

	cmd.d0 = d0;
	cmd.d1 = d1;
	return cmd;
}

static struct inval_fields no_fields(uint32_t op)
{
	struct inval_fields f;

	memset(&f, 0, sizeof(f));
	f.op = (uint8_t)op;
	return f;
}

#define CANARY0 0x5a5a5a5a5a5a5a5aULL
#define CANARY1 0xa5a5a5a5a5a5a5a5ULL

/* @call writes to out: it must succeed with these words. */
#define GIVES(call, w0, w1) \
	do { \
		struct inval_cmd out = words(CANARY0, CANARY1); \
		int got = call; \
		\
		CHECK(got == 0, "%s: %d", #call, got); \
		CHECK(out.d0 == (w0) && out.d1 == (w1), "%s: %016llx %016llx", #call, \
		      (unsigned long long)out.d0, (unsigned long long)out.d1); \
	} while (0)

/* @call must fail with this code, out untouched. */
#define REFUSES(call, code) \
	do { \
		struct inval_cmd out = words(CANARY0, CANARY1); \
		int got = call; \
		\
		CHECK(got == -(code), "%s: %d", #call, got); \
		CHECK(out.d0 == CANARY0 && out.d1 == CANARY1, "%s wrote", #call); \
	} while (0)

TEST(cmd, table_names_every_field_once)
{
	uint32_t fld;

	CHECK(N_NAMES == (size_t)INVAL_FLD_COUNT, "%u names", (unsigned)N_NAMES);
	for (fld = 0; fld < (uint32_t)INVAL_FLD_COUNT; fld++)
		CHECK(name_of(fld) != NULL, "field %u has no name", fld);
}

TEST(cmd, layout_is_the_table)
{
	uint32_t op, want, got;
	unsigned word, lsb;
	size_t i;

	for (op = 0; op < 0x200U; op++) {
		got = inval_cmd_layout(op);
		want = row_of(op) != NULL ? INVAL_LAYOUT_KNOWN : 0U;
		for (i = 0; i < N_NAMES; i++)
			if (field(row_of(op), &names[i], &word, &lsb) != 0U)
				want |= 1U << names[i].fld;
		CHECK(got == want, "op %#x: %#x, not %#x", op, got, want);
	}
	CHECK(inval_cmd_layout(~0U) == 0U, "op ~0");
}

TEST(cmd, positions_are_the_table)
{
	unsigned word, lsb;
	uint64_t mask;
	size_t r, i;

	for (r = 0; r < N_ROWS; r++) {
		for (i = 0; i < N_NAMES; i++) {
			struct inval_pos pos = inval_fld_pos(names[i].fld);

			mask = field(&rows[r], &names[i], &word, &lsb);
			if (mask == 0U)
				continue;
			CHECK(pos.word == word && pos.lsb == lsb &&
			      pos.in_place == names[i].in_place,
			      "op %#x %s", rows[r].op, names[i].name);
			CHECK(inval_fld_mask(pos) == mask, "op %#x %s: mask %llx", rows[r].op,
			      names[i].name, (unsigned long long)inval_fld_mask(pos));
		}
	}
	CHECK(inval_fld_pos(INVAL_FLD_COUNT).bits == 0U, "no field has bits");
}

TEST(cmd, mask_is_the_bits_of_a_layout)
{
	struct inval_cmd want, got;
	size_t r, i;

	for (r = 0; r < N_ROWS; r++) {
		want = owned(&rows[r]);
		got = inval_cmd_mask(inval_cmd_layout(rows[r].op));
		CHECK(got.d0 == want.d0 && got.d1 == want.d1, "op %#x: %llx %llx", rows[r].op,
		      (unsigned long long)got.d0, (unsigned long long)got.d1);
	}
	for (i = 0; i < N_NAMES; i++) {
		struct inval_pos pos = inval_fld_pos(names[i].fld);

		got = inval_cmd_mask(1U << names[i].fld);
		CHECK((pos.word == 0U ? got.d0 : got.d1) == inval_fld_mask(pos) &&
		      (pos.word == 0U ? got.d1 : got.d0) == 0U, "%s alone", names[i].name);
	}
	got = inval_cmd_mask(INVAL_LAYOUT_KNOWN);
	CHECK((got.d0 | got.d1) == 0U, "a layout without fields");
}

/* One bit of one opcode, decoded and encoded again. */
static void check_bit(uint32_t op, unsigned bit)
{
	uint64_t one = 1ULL << (bit % 64U);
	struct inval_cmd cmd = words(op, 0);
	const struct row *row = row_of(op);
	struct inval_fields f;
	unsigned word, lsb;
	uint64_t mask, want;
	size_t i, owners = 0;
	int ret;

	*(bit < 64U ? &cmd.d0 : &cmd.d1) |= one;
	memset(&f, 0xff, sizeof(f));
	ret = inval_cmd_decode(&f, cmd);
	CHECK(ret == (row != NULL ? 0 : -INVAL_EINVAL) && f.op == op, "op %#x: %d", op, ret);
	for (i = 0; i < N_NAMES; i++) {
		mask = field(row, &names[i], &word, &lsb);
		want = 0;
		if (word == bit / 64U && (mask & one) != 0U) {
			want = names[i].in_place ? one : one >> lsb;
			owners++;
			CHECK(inval_fld_get(cmd, names[i].fld) == want, "op %#x bit %u get", op, bit);
		}
		CHECK(f.v[names[i].fld] == want, "op %#x bit %u: %s is %llx", op, bit,
		      names[i].name, (unsigned long long)f.v[names[i].fld]);
	}
	CHECK(owners <= 1U, "op %#x bit %u has %u owners", op, bit, (unsigned)owners);
	if (row == NULL || no_encoder(op)) {
		REFUSES(inval_cmd_encode(&out, &f), row == NULL ? INVAL_EINVAL : INVAL_EOPNOTSUPP);
		return;
	}
	if (owners == 0U)
		cmd = words(op, 0);
	GIVES(inval_cmd_encode(&out, &f), cmd.d0, cmd.d1);
}

TEST(cmd, every_bit_alone)
{
	unsigned bit;
	uint32_t op;

	for (op = 0; op < 0x100U; op++)
		for (bit = 8; bit < 128U; bit++)
			check_bit(op, bit);
}

TEST(cmd, random_words_decode_and_encode)
{
	uint64_t state = 1;
	uint32_t i;

	for (i = 0; i < 20000U; i++) {
		struct inval_cmd cmd, mask;
		struct inval_fields f;
		const struct row *row = &rows[i % N_ROWS];

		cmd.d0 = (test_random(&state) & ~0xffULL) | row->op;
		cmd.d1 = test_random(&state);
		mask = owned(row);
		CHECK(inval_cmd_decode(&f, cmd) == 0 && f.op == row->op, "op %#x", row->op);
		if (no_encoder(row->op))
			continue;
		GIVES(inval_cmd_encode(&out, &f), (cmd.d0 & mask.d0) | row->op, cmd.d1 & mask.d1);
	}
}

TEST(cmd, random_fields_encode_and_decode)
{
	uint64_t state = 2;
	uint32_t i;

	for (i = 0; i < 20000U; i++) {
		const struct row *row = &rows[i % N_ROWS];
		struct inval_fields f = no_fields(row->op), back;
		struct inval_cmd out;
		unsigned word, lsb;
		uint64_t mask;
		size_t n;

		if (no_encoder(row->op))
			continue;
		for (n = 0; n < N_NAMES; n++) {
			mask = field(row, &names[n], &word, &lsb);
			if (mask != 0U)
				f.v[names[n].fld] = test_random(&state) &
						    (names[n].in_place ? mask : mask >> lsb);
		}
		CHECK(inval_cmd_encode(&out, &f) == 0, "op %#x refused", row->op);
		memset(&back, 0xff, sizeof(back));
		CHECK(inval_cmd_decode(&back, out) == 0 && back.op == f.op, "op %#x", row->op);
		for (n = 0; n < N_NAMES; n++)
			CHECK(back.v[n] == f.v[n], "op %#x field %u", row->op, (unsigned)n);
	}
}

TEST(cmd, literal_words_of_fields_without_an_encoder)
{
	struct inval_fields f = no_fields(0x12);

	f.v[INVAL_FLD_VMID] = VMID;
	f.v[INVAL_FLD_ASID] = ASID;
	f.v[INVAL_FLD_NUM] = 0x1f;
	f.v[INVAL_FLD_SCALE] = 0x27;
	f.v[INVAL_FLD_LEAF] = 1;
	f.v[INVAL_FLD_TTL] = 3;
	f.v[INVAL_FLD_TTL128] = 1;
	f.v[INVAL_FLD_TG] = 2;
	f.v[INVAL_FLD_VA] = VA;
	GIVES(inval_cmd_encode(&out, &f), 0xcafebeef0271f012ULL, 0xfedcba9876543b81ULL);
	f = no_fields(0x02);
	f.v[INVAL_FLD_SSEC] = 1;
	f.v[INVAL_FLD_SID] = SID;
	f.v[INVAL_FLD_PF_NS] = 1;
	f.v[INVAL_FLD_PF_STRIDE] = 1;
	f.v[INVAL_FLD_VA] = VA;
	GIVES(inval_cmd_encode(&out, &f), 0x1234567800000402ULL, 0xfedcba9876543820ULL);
	f = no_fields(0x46);
	f.v[INVAL_FLD_CS] = 3;
	f.v[INVAL_FLD_MSI_NS] = 1;
	f.v[INVAL_FLD_MSI_ADDR] = 0xfffffffffffffcULL;
	GIVES(inval_cmd_encode(&out, &f), 0x3046ULL, 0x80fffffffffffffcULL);
}

TEST(cmd, encode_refuses_fields_of_other_commands)
{
	unsigned word, lsb;
	size_t r, i;

	for (r = 0; r < N_ROWS; r++) {
		for (i = 0; i < N_NAMES; i++) {
			struct inval_fields f = no_fields(rows[r].op);

			if (field(&rows[r], &names[i], &word, &lsb) != 0U || no_encoder(rows[r].op))
				continue;
			f.v[names[i].fld] = 0x1000;
			REFUSES(inval_cmd_encode(&out, &f), INVAL_EINVAL);
		}
	}
}

/* Every one-bit value of one field: it fits, or is refused. */
static void check_width(const struct row *row, const struct name *n)
{
	struct inval_fields f = no_fields(row->op);
	unsigned word, lsb, bit;
	uint64_t mask = field(row, n, &word, &lsb), one, at;

	if (mask == 0U || no_encoder(row->op))
		return;
	for (bit = 0; bit < 64U; bit++) {
		one = 1ULL << bit;
		f.v[n->fld] = one;
		at = n->in_place ? one : one << lsb;
		if (((n->in_place ? mask : mask >> lsb) & one) == 0U)
			REFUSES(inval_cmd_encode(&out, &f), INVAL_ERANGE);
		else if (word == 0U)
			GIVES(inval_cmd_encode(&out, &f), row->op | at, 0U);
		else
			GIVES(inval_cmd_encode(&out, &f), row->op, at);
	}
	f.v[n->fld] = ~0ULL;
	if (mask != ~0ULL)
		REFUSES(inval_cmd_encode(&out, &f), INVAL_ERANGE);
}

TEST(cmd, encode_refuses_bits_outside_a_field)
{
	size_t r, i;

	for (r = 0; r < N_ROWS; r++)
		for (i = 0; i < N_NAMES; i++)
			check_width(&rows[r], &names[i]);
}

TEST(cmd, encode_refuses_what_it_does_not_know)
{
	struct inval_fields f;
	uint32_t op;

	for (op = 0; op < 0x100U; op++) {
		f = no_fields(op);
		if (row_of(op) == NULL)
			REFUSES(inval_cmd_encode(&out, &f), INVAL_EINVAL);
		else if (no_encoder(op))
			REFUSES(inval_cmd_encode(&out, &f), INVAL_EOPNOTSUPP);
		else
			GIVES(inval_cmd_encode(&out, &f), op, 0U);
	}
}

TEST(cmd, literal_prefetch)
{
	GIVES(inval_cmd_prefetch_config(&out, true, SID, true, SSID), 0x12345678abcdec01ULL, 0U);
	GIVES(inval_cmd_prefetch_config(&out, false, ~0U, false, 0), 0xffffffff00000001ULL, 0U);
	GIVES(inval_cmd_prefetch_config(&out, false, 0, true, 0), 0x801U, 0U);
	GIVES(inval_cmd_prefetch_addr(&out, SID, true, SSID, VA, 31, 43),
	      0x12345678abcde802ULL, 0xfedcba98765433ffULL);
	GIVES(inval_cmd_prefetch_addr(&out, SID, false, 0, VA, 1, 12),
	      0x1234567800000002ULL, 0xfedcba9876543001ULL);
	GIVES(inval_cmd_prefetch_addr(&out, 0, false, 0, 0, 0, 13), 0x2U, 0x20U);
}

TEST(cmd, literal_cfgi)
{
	GIVES(inval_cmd_cfgi_ste(&out, false, SID, true), 0x1234567800000003ULL, 1U);
	GIVES(inval_cmd_cfgi_ste(&out, true, SID, false), 0x1234567800000403ULL, 0U);
	GIVES(inval_cmd_cfgi_ste_range(&out, false, SID, 3), 0x1234567800000004ULL, 3U);
	GIVES(inval_cmd_cfgi_ste_range(&out, true, SID, 31), 0x1234567800000404ULL, 31U);
	GIVES(inval_cmd_cfgi_all(&out, false), 0x4U, 0x1fU);
	GIVES(inval_cmd_cfgi_all(&out, true), 0x404U, 0x1fU);
	GIVES(inval_cmd_cfgi_cd(&out, false, SID, SSID, true), 0x12345678abcde005ULL, 1U);
	GIVES(inval_cmd_cfgi_cd(&out, true, SID, 0, false), 0x1234567800000405ULL, 0U);
	GIVES(inval_cmd_cfgi_cd_all(&out, false, SID), 0x1234567800000006ULL, 0U);
	GIVES(inval_cmd_cfgi_cd_all(&out, true, SID), 0x1234567800000406ULL, 0U);
	GIVES(inval_cmd_cfgi_vms_pidm(&out, false, VMID), 0x0000beef00000007ULL, 0U);
	GIVES(inval_cmd_cfgi_vms_pidm(&out, true, VMID), 0x0000beef00000407ULL, 0U);
}

TEST(cmd, literal_tlbi)
{
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_NH_ALL, VMID, 0), 0x0000beef00000010ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_NH_ASID, VMID, ASID), 0xcafebeef00000011ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_EL3_ALL, 0, 0), 0x18U, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_EL2_ALL, 0, 0), 0x20U, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_EL2_ASID, 0, ASID), 0xcafe000000000021ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_S12_VMALL, VMID, 0), 0x0000beef00000028ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_NSNH_ALL, 0, 0), 0x30U, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_S_EL2_ALL, 0, 0), 0x50U, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_S_EL2_ASID, 0, ASID), 0xcafe000000000051ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_S_S12_VMALL, VMID, 0), 0x0000beef00000058ULL, 0U);
	GIVES(inval_cmd_tlbi(&out, INVAL_OP_TLBI_SNH_ALL, 0, 0), 0x60U, 0U);
}

TEST(cmd, literal_tlbi_addr)
{
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_NH_VA, VMID, ASID, VA, true),
	      0xcafebeef00000012ULL, 0xfedcba9876543001ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_NH_VAA, VMID, 0, VA, false),
	      0x0000beef00000013ULL, 0xfedcba9876543000ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_EL3_VA, 0, 0, VA, true),
	      0x1aU, 0xfedcba9876543001ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_EL2_VA, 0, ASID, VA, true),
	      0xcafe000000000022ULL, 0xfedcba9876543001ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_EL2_VAA, 0, 0, VA, false),
	      0x23U, 0xfedcba9876543000ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_S2_IPA, VMID, 0, IPA, true),
	      0x0000beef0000002aULL, 0x00dcba9876543001ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_S_EL2_VA, 0, ASID, VA, false),
	      0xcafe000000000052ULL, 0xfedcba9876543000ULL);
	GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_S_EL2_VAA, 0, 0, VA, true),
	      0x53U, 0xfedcba9876543001ULL);
}

TEST(cmd, literal_devices)
{
	GIVES(inval_cmd_atc_inv(&out, SID, true, SSID, true, 0xfedcba9876540000ULL, 4),
	      0x12345678abcdea40ULL, 0xfedcba9876540004ULL);
	GIVES(inval_cmd_atc_inv(&out, SID, true, 0, false, 1ULL << 63, 51),
	      0x1234567800000840ULL, 0x8000000000000033ULL);
	GIVES(inval_cmd_atc_inv(&out, SID, false, 0, false, 0, 52), 0x1234567800000040ULL, 0x34U);
	GIVES(inval_cmd_pri_resp(&out, SID, true, SSID, 0x1ff, INVAL_RESP_SUCCESS),
	      0x12345678abcde841ULL, 0x21ffU);
	GIVES(inval_cmd_pri_resp(&out, SID, false, 0, 1, INVAL_RESP_INVALID),
	      0x1234567800000041ULL, 0x1001U);
	GIVES(inval_cmd_pri_resp(&out, 0, false, 0, 0, INVAL_RESP_FAILURE), 0x41U, 0U);
	GIVES(inval_cmd_resume(&out, false, SID, 0xbeef, true, true),
	      0x1234567800001044ULL, 0xbeefU);
	GIVES(inval_cmd_resume(&out, false, SID, 0, false, true), 0x1234567800002044ULL, 0U);
	GIVES(inval_cmd_resume(&out, true, SID, 0xffff, false, false),
	      0x1234567800000444ULL, 0xffffU);
	GIVES(inval_cmd_stall_term(&out, false, SID), 0x1234567800000045ULL, 0U);
	GIVES(inval_cmd_stall_term(&out, true, SID), 0x1234567800000445ULL, 0U);
	GIVES(inval_cmd_dpti_all(&out), 0x70U, 0U);
}

TEST(cmd, literal_sync)
{
	GIVES(inval_cmd_sync(&out, false), 0x46U, 0U);
	GIVES(inval_cmd_sync(&out, true), 0x2046U, 0U);
	GIVES(inval_cmd_sync_msi(&out, 0x00dcba9876543214ULL, 0xdeadbeefU, 3, 15),
	      0xdeadbeef0fc01046ULL, 0x00dcba9876543214ULL);
	GIVES(inval_cmd_sync_msi(&out, 4, 0, 2, 0), 0x801046U, 4U);
}

/* The generic encoding of fields given as number, value pairs, ended by COUNT. */
static struct inval_cmd generic(uint32_t op, const uint64_t *pairs)
{
	struct inval_fields f = no_fields(op);
	struct inval_cmd cmd = {0, 0};
	int ret;

	for (; pairs[0] != (uint64_t)INVAL_FLD_COUNT; pairs += 2)
		f.v[pairs[0]] = pairs[1];
	ret = inval_cmd_encode(&cmd, &f);
	CHECK(ret == 0, "op %#x: %d", op, ret);
	return cmd;
}

/* @call gives what the generic encoder gives for this opcode and these fields. */
#define AGREES(call, op, ...) \
	do { \
		const uint64_t pairs[] = {__VA_ARGS__, INVAL_FLD_COUNT}; \
		struct inval_cmd want = generic(op, pairs); \
		\
		GIVES(call, want.d0, want.d1); \
	} while (0)

TEST(cmd, streams_agree_with_the_generic_encoder)
{
	uint64_t state = 3;
	uint32_t i;

	for (i = 0; i < 2000U; i++) {
		uint64_t r = test_random(&state), va = test_random(&state) & ~0xfffULL;
		uint32_t sid = (uint32_t)(test_random(&state) >> 32);
		bool a = (r & 1U) != 0U, b = (r & 2U) != 0U;
		uint32_t ssid = b ? (uint32_t)(r >> 44) : 0U;
		uint8_t five = (uint8_t)(r >> 8 & 31U), other = (uint8_t)(r >> 16 & 31U);

		AGREES(inval_cmd_prefetch_config(&out, a, sid, b, ssid), 0x01, INVAL_FLD_SSEC, a,
		       INVAL_FLD_SID, sid, INVAL_FLD_SSV, b, INVAL_FLD_SSID, ssid);
		AGREES(inval_cmd_prefetch_addr(&out, sid, b, ssid, va, five, (uint8_t)(12U + other)),
		       0x02, INVAL_FLD_SID, sid, INVAL_FLD_SSV, b, INVAL_FLD_SSID, ssid, INVAL_FLD_VA,
		       va, INVAL_FLD_PF_SIZE, five, INVAL_FLD_PF_STRIDE, other);
		AGREES(inval_cmd_cfgi_ste(&out, a, sid, b), 0x03, INVAL_FLD_SSEC, a, INVAL_FLD_SID,
		       sid, INVAL_FLD_LEAF, b);
		AGREES(inval_cmd_cfgi_ste_range(&out, a, sid, five), 0x04, INVAL_FLD_SSEC, a,
		       INVAL_FLD_SID, sid, INVAL_FLD_RANGE, five);
		AGREES(inval_cmd_cfgi_all(&out, a), 0x04, INVAL_FLD_SSEC, a, INVAL_FLD_RANGE, 31);
		AGREES(inval_cmd_cfgi_cd(&out, a, sid, ssid, b), 0x05, INVAL_FLD_SSEC, a,
		       INVAL_FLD_SID, sid, INVAL_FLD_SSID, ssid, INVAL_FLD_LEAF, b);
		AGREES(inval_cmd_cfgi_cd_all(&out, a, sid), 0x06, INVAL_FLD_SSEC, a, INVAL_FLD_SID,
		       sid);
		AGREES(inval_cmd_cfgi_vms_pidm(&out, a, (uint16_t)sid), 0x07, INVAL_FLD_SSEC, a,
		       INVAL_FLD_VMID, (uint16_t)sid);
		AGREES(inval_cmd_stall_term(&out, a, sid), 0x45, INVAL_FLD_SSEC, a, INVAL_FLD_SID,
		       sid);
		AGREES(inval_cmd_resume(&out, a, sid, (uint16_t)r, b, true), 0x44, INVAL_FLD_SSEC, a,
		       INVAL_FLD_SID, sid, INVAL_FLD_STAG, (uint16_t)r, INVAL_FLD_AC, b,
		       INVAL_FLD_AB, !b);
	}
}

TEST(cmd, devices_and_syncs_agree_with_the_generic_encoder)
{
	uint64_t state = 4;
	uint32_t i;

	for (i = 0; i < 2000U; i++) {
		uint64_t r = test_random(&state), addr = test_random(&state);
		uint32_t sid = (uint32_t)(test_random(&state) >> 32);
		bool a = (r & 1U) != 0U, b = (r & 2U) != 0U;
		uint32_t ssid = b ? (uint32_t)(r >> 44) : 0U;
		uint8_t size = (uint8_t)(i % 52U);
		uint64_t va = addr & ~((4096ULL << size) - 1U), msi = (addr >> 8 & ~3ULL) | 4U;

		AGREES(inval_cmd_atc_inv(&out, sid, b, ssid, a && b, va, size), 0x40, INVAL_FLD_SID,
		       sid, INVAL_FLD_SSV, b, INVAL_FLD_SSID, ssid, INVAL_FLD_GLOBAL, a && b,
		       INVAL_FLD_VA, va, INVAL_FLD_ATC_SIZE, size);
		AGREES(inval_cmd_pri_resp(&out, sid, b, ssid, (uint16_t)(r >> 8 & 511U),
					  (enum inval_resp)(i % 3U)),
		       0x41, INVAL_FLD_SID, sid, INVAL_FLD_SSV, b, INVAL_FLD_SSID, ssid,
		       INVAL_FLD_PRG, r >> 8 & 511U, INVAL_FLD_RESP, i % 3U);
		AGREES(inval_cmd_sync(&out, a), 0x46, INVAL_FLD_CS, a ? 2U : 0U);
		AGREES(inval_cmd_sync_msi(&out, msi, sid, a ? 2 : 3, (uint8_t)(i % 16U)), 0x46,
		       INVAL_FLD_CS, 1, INVAL_FLD_MSI_ADDR, msi, INVAL_FLD_MSI_DATA, sid,
		       INVAL_FLD_MSH, a ? 2U : 3U, INVAL_FLD_MSI_ATTR, i % 16U);
		AGREES(inval_cmd_dpti_all(&out), 0x70, INVAL_FLD_LEAF, 0);
	}
}

/* What the table says of a TLBI; the TLBI of the document are 10 to 30, 50 to 60. */
static bool is_tlbi(uint32_t op)
{
	return row_of(op) != NULL && ((op >= 0x10U && op <= 0x30U) || (op >= 0x50U && op <= 0x60U));
}

static bool has(uint32_t op, const char *name)
{
	unsigned lsb;

	return mask_in(row_of(op)->d0, name, &lsb) != 0U || mask_in(row_of(op)->d1, name, &lsb) != 0U;
}

/* Every opcode, known or not, with and without tags. */
TEST(cmd, tlbi_takes_every_tlbi_and_nothing_else)
{
	uint32_t op, tags;

	for (op = 0; op < 0x200U; op++) {
		for (tags = 0; tags < 4U; tags++) {
			uint16_t vmid = (tags & 1U) != 0U ? VMID : 0, asid = (tags & 2U) != 0U ? ASID : 0;
			bool good = is_tlbi(op) && (vmid == 0U || has(op, "vmid")) &&
				    (asid == 0U || has(op, "asid"));
			bool addr = good && has(op, "tg");

			if (good && !addr)
				AGREES(inval_cmd_tlbi(&out, op, vmid, asid), op, INVAL_FLD_VMID, vmid,
				       INVAL_FLD_ASID, asid);
			else
				REFUSES(inval_cmd_tlbi(&out, op, vmid, asid), INVAL_EINVAL);
			if (addr && op == 0x5aU)
				REFUSES(inval_cmd_tlbi_addr(&out, op, vmid, asid, IPA, true),
					INVAL_EOPNOTSUPP);
			else if (addr)
				AGREES(inval_cmd_tlbi_addr(&out, op, vmid, asid, IPA, true), op,
				       INVAL_FLD_VMID, vmid, INVAL_FLD_ASID, asid, INVAL_FLD_LEAF, 1,
				       op == 0x2aU ? INVAL_FLD_IPA : INVAL_FLD_VA, IPA);
			else
				REFUSES(inval_cmd_tlbi_addr(&out, op, vmid, asid, IPA, true),
					INVAL_EINVAL);
		}
	}
}

TEST(cmd, tlbi_addr_refuses_bits_outside_the_address)
{
	unsigned bit;

	for (bit = 0; bit < 64U; bit++) {
		uint64_t addr = 1ULL << bit;

		if (bit < 12U)
			REFUSES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_NH_VA, 1, 1, addr, false),
				INVAL_ERANGE);
		else
			GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_NH_VA, 0, 0, addr, false), 0x12U,
			      addr);
		if (bit < 12U || bit > 55U)
			REFUSES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_S2_IPA, 1, 0, addr, false),
				INVAL_ERANGE);
		else
			GIVES(inval_cmd_tlbi_addr(&out, INVAL_OP_TLBI_S2_IPA, 0, 0, addr, false), 0x2aU,
			      addr);
	}
}

TEST(cmd, substreams_are_refused_without_ssv_and_beyond_20_bits)
{
	uint32_t bit, ssid;

	for (bit = 0; bit < 32U; bit++) {
		ssid = 1U << bit;
		REFUSES(inval_cmd_prefetch_config(&out, false, 0, false, ssid), INVAL_ERANGE);
		REFUSES(inval_cmd_prefetch_addr(&out, 0, false, ssid, 0, 0, 12), INVAL_ERANGE);
		REFUSES(inval_cmd_atc_inv(&out, 0, false, ssid, false, 0, 0), INVAL_ERANGE);
		REFUSES(inval_cmd_pri_resp(&out, 0, false, ssid, 0, INVAL_RESP_SUCCESS), INVAL_ERANGE);
		if (bit < 20U)
			continue;
		REFUSES(inval_cmd_prefetch_config(&out, false, 0, true, ssid), INVAL_ERANGE);
		REFUSES(inval_cmd_prefetch_addr(&out, 0, true, ssid, 0, 0, 12), INVAL_ERANGE);
		REFUSES(inval_cmd_atc_inv(&out, 0, true, ssid, false, 0, 0), INVAL_ERANGE);
		REFUSES(inval_cmd_pri_resp(&out, 0, true, ssid, 0, INVAL_RESP_SUCCESS), INVAL_ERANGE);
		REFUSES(inval_cmd_cfgi_cd(&out, false, 0, ssid, true), INVAL_ERANGE);
	}
}

TEST(cmd, arguments_out_of_range_are_refused)
{
	uint8_t v = 0;

	do {
		if (v > 31U) {
			REFUSES(inval_cmd_cfgi_ste_range(&out, false, 0, v), INVAL_ERANGE);
			REFUSES(inval_cmd_prefetch_addr(&out, 0, false, 0, 0, v, 12), INVAL_ERANGE);
		}
		if (v < 12U || v > 43U)
			REFUSES(inval_cmd_prefetch_addr(&out, 0, false, 0, 0, 0, v), INVAL_ERANGE);
		if (v > 52U)
			REFUSES(inval_cmd_atc_inv(&out, 0, false, 0, false, 0, v), INVAL_ERANGE);
		if (v == 1U || v > 3U)
			REFUSES(inval_cmd_sync_msi(&out, 4, 0, v, 0), INVAL_ERANGE);
		if (v > 15U)
			REFUSES(inval_cmd_sync_msi(&out, 4, 0, 3, v), INVAL_ERANGE);
	} while (++v != 0U);
	REFUSES(inval_cmd_pri_resp(&out, 0, false, 0, 0x200, INVAL_RESP_SUCCESS), INVAL_ERANGE);
	REFUSES(inval_cmd_pri_resp(&out, 0, false, 0, 0x8000, INVAL_RESP_SUCCESS), INVAL_ERANGE);
	REFUSES(inval_cmd_pri_resp(&out, 0, false, 0, 0, (enum inval_resp)3), INVAL_ERANGE);
	REFUSES(inval_cmd_atc_inv(&out, 0, false, 0, true, 0, 0), INVAL_ERANGE);
	REFUSES(inval_cmd_sync_msi(&out, 0, 1, 3, 15), INVAL_ERANGE);
}

TEST(cmd, misaligned_addresses_are_refused)
{
	uint64_t addr;
	uint8_t bit, size;

	for (bit = 0; bit < 64U; bit++) {
		addr = 1ULL << bit;
		if (bit < 12U)
			REFUSES(inval_cmd_prefetch_addr(&out, 0, false, 0, addr, 0, 12), INVAL_ERANGE);
		if (bit < 2U || bit > 55U)
			REFUSES(inval_cmd_sync_msi(&out, addr | 4U, 0, 3, 15), INVAL_ERANGE);
		else
			GIVES(inval_cmd_sync_msi(&out, addr, 0, 0, 0), 0x1046U, addr);
		for (size = 0; size <= 52U; size++) {
			if (bit < size + 12U)
				REFUSES(inval_cmd_atc_inv(&out, 0, true, 0, false, addr, size),
					INVAL_ERANGE);
			else
				GIVES(inval_cmd_atc_inv(&out, 0, true, 0, false, addr, size), 0x840U,
				      addr | size);
		}
	}
}

TEST(cmd, opcodes_are_the_documents)
{
	size_t i;

	for (i = 0; i < N_ROWS; i++)
		CHECK((uint32_t)rows[i].named == rows[i].op, "op %#x is %#x", rows[i].op,
		      (unsigned)rows[i].named);
}

TEST(cmd, shifts_are_where_the_fields_are)
{
	static const struct {
		uint32_t shift;
		enum inval_fld fld;
	} shifts[] = {
		{INVAL_CMD_LEAF_SHIFT, INVAL_FLD_LEAF},
		{INVAL_CMD_TTL128_SHIFT, INVAL_FLD_TTL128},
		{INVAL_CMD_TTL_SHIFT, INVAL_FLD_TTL},
		{INVAL_CMD_TG_SHIFT, INVAL_FLD_TG},
		{INVAL_CMD_SSV_SHIFT, INVAL_FLD_SSV},
		{INVAL_CMD_NUM_SHIFT, INVAL_FLD_NUM},
		{INVAL_CMD_SSID_SHIFT, INVAL_FLD_SSID},
		{INVAL_CMD_SCALE_SHIFT, INVAL_FLD_SCALE},
		{INVAL_CMD_SID_SHIFT, INVAL_FLD_SID},
		{INVAL_CMD_VMID_SHIFT, INVAL_FLD_VMID},
		{INVAL_CMD_ASID_SHIFT, INVAL_FLD_ASID},
	};
	size_t i;

	for (i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++)
		CHECK(shifts[i].shift == inval_fld_pos(shifts[i].fld).lsb, "%s",
		      name_of(shifts[i].fld)->name);
	CHECK(INVAL_CMD_BYTES == sizeof(struct inval_cmd), "a command has %u bytes",
	      (unsigned)sizeof(struct inval_cmd));
}

TEST(cmd, memory_is_little_endian)
{
	static const unsigned char bytes[16] = {
		0x12, 0xf0, 0x71, 0x02, 0xef, 0xbe, 0xfe, 0xca,
		0x81, 0x3b, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe
	};
	uint64_t mem[2] = {CANARY0, CANARY1};
	struct inval_cmd cmd;

	inval_cmd_store(mem, words(0xcafebeef0271f012ULL, 0xfedcba9876543b81ULL));
	CHECK(memcmp(mem, bytes, sizeof(bytes)) == 0, "%016llx %016llx",
	      (unsigned long long)mem[0], (unsigned long long)mem[1]);
	cmd = inval_cmd_load(mem);
	CHECK(cmd.d0 == 0xcafebeef0271f012ULL && cmd.d1 == 0xfedcba9876543b81ULL, "%016llx %016llx",
	      (unsigned long long)cmd.d0, (unsigned long long)cmd.d1);
}
