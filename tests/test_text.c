/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text.h
 * 1. Opcodes, fields, steps, warnings, events and counters have the name of their
 *    enumerator, codes begin with it, and each reason's sentence has the words
 *    that tell it from all others: no two the same, none empty. Every other
 *    number is "?". A new enumerator in a header does not compile here.
 * 2. A command of every opcode reads as the line written out below.
 * 3. No line loses a bit: the words can be put together again from it, for each
 *    single bit and for random words, legal or not; an address field by itself
 *    is shown even when it is 0.
 * 4. At every size the text is the beginning of the whole line, ended by a NUL,
 *    and nothing is written beyond; the length returned is that of the whole.
 * 5. 256 bytes are enough for every command.
 */
#include <inval/text.h>

#include "test.h"

#define NAME(prefix, x) case prefix##x: return #x

static const char *op_name(enum inval_op op)
{
	switch (op) {
	NAME(INVAL_OP_, PREFETCH_CONFIG);
	NAME(INVAL_OP_, PREFETCH_ADDR);
	NAME(INVAL_OP_, CFGI_STE);
	NAME(INVAL_OP_, CFGI_STE_RANGE);
	NAME(INVAL_OP_, CFGI_CD);
	NAME(INVAL_OP_, CFGI_CD_ALL);
	NAME(INVAL_OP_, CFGI_VMS_PIDM);
	NAME(INVAL_OP_, TLBI_NH_ALL);
	NAME(INVAL_OP_, TLBI_NH_ASID);
	NAME(INVAL_OP_, TLBI_NH_VA);
	NAME(INVAL_OP_, TLBI_NH_VAA);
	NAME(INVAL_OP_, TLBI_EL3_ALL);
	NAME(INVAL_OP_, TLBI_EL3_VA);
	NAME(INVAL_OP_, TLBI_EL2_ALL);
	NAME(INVAL_OP_, TLBI_EL2_ASID);
	NAME(INVAL_OP_, TLBI_EL2_VA);
	NAME(INVAL_OP_, TLBI_EL2_VAA);
	NAME(INVAL_OP_, TLBI_S12_VMALL);
	NAME(INVAL_OP_, TLBI_S2_IPA);
	NAME(INVAL_OP_, TLBI_NSNH_ALL);
	NAME(INVAL_OP_, ATC_INV);
	NAME(INVAL_OP_, PRI_RESP);
	NAME(INVAL_OP_, RESUME);
	NAME(INVAL_OP_, STALL_TERM);
	NAME(INVAL_OP_, SYNC);
	NAME(INVAL_OP_, TLBI_S_EL2_ALL);
	NAME(INVAL_OP_, TLBI_S_EL2_ASID);
	NAME(INVAL_OP_, TLBI_S_EL2_VA);
	NAME(INVAL_OP_, TLBI_S_EL2_VAA);
	NAME(INVAL_OP_, TLBI_S_S12_VMALL);
	NAME(INVAL_OP_, TLBI_S_S2_IPA);
	NAME(INVAL_OP_, TLBI_SNH_ALL);
	NAME(INVAL_OP_, DPTI_ALL);
	NAME(INVAL_OP_, DPTI_PA);
	}
	return NULL;
}

static const char *fld_name(enum inval_fld fld)
{
	switch (fld) {
	NAME(INVAL_FLD_, GLOBAL);
	NAME(INVAL_FLD_, SSEC);
	NAME(INVAL_FLD_, SSV);
	NAME(INVAL_FLD_, SSID);
	NAME(INVAL_FLD_, SID);
	NAME(INVAL_FLD_, NUM);
	NAME(INVAL_FLD_, SCALE);
	NAME(INVAL_FLD_, VMID);
	NAME(INVAL_FLD_, ASID);
	NAME(INVAL_FLD_, AC);
	NAME(INVAL_FLD_, AB);
	NAME(INVAL_FLD_, CS);
	NAME(INVAL_FLD_, MSH);
	NAME(INVAL_FLD_, MSI_ATTR);
	NAME(INVAL_FLD_, MSI_DATA);
	NAME(INVAL_FLD_, LEAF);
	NAME(INVAL_FLD_, TTL128);
	NAME(INVAL_FLD_, TTL);
	NAME(INVAL_FLD_, TG);
	NAME(INVAL_FLD_, VA);
	NAME(INVAL_FLD_, IPA);
	NAME(INVAL_FLD_, RANGE);
	NAME(INVAL_FLD_, ATC_SIZE);
	NAME(INVAL_FLD_, PF_SIZE);
	NAME(INVAL_FLD_, PF_STRIDE);
	NAME(INVAL_FLD_, PF_NS);
	NAME(INVAL_FLD_, PRG);
	NAME(INVAL_FLD_, RESP);
	NAME(INVAL_FLD_, STAG);
	NAME(INVAL_FLD_, MSI_ADDR);
	NAME(INVAL_FLD_, MSI_NS);
	case INVAL_FLD_COUNT: break;
	}
	return NULL;
}

static const char *code_name(enum inval_code code)
{
	switch (code) {
	NAME(INVAL_, EPERM);
	NAME(INVAL_, ENOENT);
	NAME(INVAL_, EIO);
	NAME(INVAL_, EAGAIN);
	NAME(INVAL_, ENOMEM);
	NAME(INVAL_, EFAULT);
	NAME(INVAL_, EBUSY);
	NAME(INVAL_, EEXIST);
	NAME(INVAL_, ENODEV);
	NAME(INVAL_, EINVAL);
	NAME(INVAL_, ENOSPC);
	NAME(INVAL_, ERANGE);
	NAME(INVAL_, EPROTO);
	NAME(INVAL_, EOVERFLOW);
	NAME(INVAL_, EILSEQ);
	NAME(INVAL_, EOPNOTSUPP);
	NAME(INVAL_, ESHUTDOWN);
	NAME(INVAL_, ETIMEDOUT);
	NAME(INVAL_, EREMOTEIO);
	NAME(INVAL_, EDQUOT);
	}
	return NULL;
}

static const char *warn_name(enum inval_warn what)
{
	switch (what) {
	NAME(INVAL_WARN_, QUEUE_BROKEN);
	NAME(INVAL_WARN_, CMD_ILLEGAL);
	NAME(INVAL_WARN_, CMDQ_ABORT);
	NAME(INVAL_WARN_, KEY_UNKNOWN);
	NAME(INVAL_WARN_, TAG_STALE);
	NAME(INVAL_WARN_, MSI_ABORT);
	}
	return NULL;
}

static const char *event_name(enum inval_event what)
{
	switch (what) {
	NAME(INVAL_EVENT_, FLUSH_BEGIN);
	NAME(INVAL_EVENT_, FLUSH_END);
	NAME(INVAL_EVENT_, ISSUE);
	NAME(INVAL_EVENT_, WAIT_BEGIN);
	NAME(INVAL_EVENT_, WAIT_END);
	NAME(INVAL_EVENT_, PUBLISH);
	NAME(INVAL_EVENT_, UNREF);
	NAME(INVAL_EVENT_, FENCE);
	NAME(INVAL_EVENT_, CMDQ_ERROR);
	NAME(INVAL_EVENT_, RETRY);
	NAME(INVAL_EVENT_, FULL);
	}
	return NULL;
}

static const char *counter_name(enum inval_counter what)
{
	switch (what) {
	NAME(INVAL_COUNT_, FLUSH);
	NAME(INVAL_COUNT_, TLBI);
	NAME(INVAL_COUNT_, ATC);
	NAME(INVAL_COUNT_, SYNC);
	NAME(INVAL_COUNT_, WAIT);
	NAME(INVAL_COUNT_, ERROR);
	NAME(INVAL_COUNT_, FULL);
	NAME(INVAL_COUNT_, RETRY);
	NAME(INVAL_COUNT_, COPY);
	NAME(INVAL_COUNT_, REF);
	NAME(INVAL_COUNT_, FIRMWARE);
	NAME(INVAL_COUNT_, SHARED);
	NAME(INVAL_COUNT_, CFGI);
	NAME(INVAL_COUNT_, OTHER);
	}
	return NULL;
}

static const char *step_name(enum inval_step step)
{
	switch (step) {
	NAME(INVAL_STEP_, BREAK);
	NAME(INVAL_STEP_, MAKE);
	NAME(INVAL_STEP_, RESIZE);
	NAME(INVAL_STEP_, NT_SET);
	NAME(INVAL_STEP_, NT_CLEAR);
	NAME(INVAL_STEP_, BARRIER);
	NAME(INVAL_STEP_, TLBI_CPU);
	NAME(INVAL_STEP_, TLBI_SMMU);
	NAME(INVAL_STEP_, CLEAN);
	NAME(INVAL_STEP_, CLEAN_INV);
	NAME(INVAL_STEP_, INV);
	NAME(INVAL_STEP_, CLEAN_POU);
	NAME(INVAL_STEP_, ICACHE);
	NAME(INVAL_STEP_, ICACHE_ALL);
	}
	return NULL;
}

static const char *why_words(enum inval_why why)
{
	switch (why) {
	case INVAL_WHY_LIVE: return "live|attributes";
	case INVAL_WHY_SIZE: return "live|size";
	case INVAL_WHY_GONE: return "mapping ends";
	case INVAL_WHY_NEW: return "mapping begins";
	case INVAL_WHY_SEEN: return "effect|next";
	case INVAL_WHY_DIRTY: return "stores|missed|later";
	case INVAL_WHY_STALE: return "others stored past";
	case INVAL_WHY_SHARE: return "sharers";
	case INVAL_WHY_CODE: return "instruction";
	}
	return NULL;
}

/* Words that only this reason's sentence has all of. */
static const char *reason_words(enum inval_reason reason)
{
	switch (reason) {
	case INVAL_LEGAL: return "legal";
	case INVAL_ILL_OPCODE: return "opcode|reserved";
	case INVAL_ILL_IMPDEF: return "opcode|IMPLEMENTATION DEFINED";
	case INVAL_ILL_QUEUE: return "queue|security state";
	case INVAL_ILL_FEATURE: return "feature";
	case INVAL_ILL_SSEC: return "SSec";
	case INVAL_ILL_RESERVED: return "reserved bit";
	case INVAL_ILL_SID: return "StreamID|wider";
	case INVAL_ILL_SSID: return "SubstreamID|wider";
	case INVAL_ILL_SSV: return "SubstreamID|SSV";
	case INVAL_ILL_GLOBAL: return "Global|SSV";
	case INVAL_ILL_ASID: return "ASID|E2H";
	case INVAL_ILL_VMID: return "VMID|stage 2";
	case INVAL_ILL_RANGE_FEATURE: return "range|hint|has no";
	case INVAL_ILL_RANGE_RESERVED: return "reserved|TG|NUM";
	case INVAL_ILL_SCALE: return "SCALE|large";
	case INVAL_ILL_TTL128: return "TTL128";
	case INVAL_ILL_ALIGN: return "address|aligned";
	case INVAL_ILL_END: return "range|end of the address space";
	case INVAL_ILL_ATC_SIZE: return "Size|52";
	case INVAL_ILL_CS: return "CS|is 3";
	case INVAL_ILL_RESP: return "Resp|is 3";
	case INVAL_ILL_DPTI: return "DPTI_PA";
	case INVAL_ILL_SYNC_MSI: return "MSI|writes none|Realm";
	case INVAL_ILL_POLICY: return "guest|take";
	case INVAL_ILL_STREAM: return "StreamID|guest";
	case INVAL_ILL_COUNT: break;
	}
	return NULL;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is @text the enumerator's name in small letters, or "?" where there is none? */
static bool is_name(const char *text, const char *name)
{
	size_t i;

	if (name == NULL)
		return strcmp(text, "?") == 0;
	for (i = 0; name[i] != '\0'; i++)
		if (text[i] != lower(name[i]))
			return false;
	return text[i] == '\0';
}

static bool has_words(const char *text, const char *words)
{
	char one[64];
	size_t n;

	for (; *words != '\0'; words += n + (words[n] == '|')) {
		n = strcspn(words, "|");
		memcpy(one, words, n);
		one[n] = '\0';
		if (strstr(text, one) == NULL)
			return false;
	}
	return true;
}

/* Below, numbers go up to the power of two to which C++ lets an enum hold them. */
TEST(text, opcodes_have_their_enumerators_names)
{
	const char *name;
	uint32_t op;

	for (op = 0; op < 0x300U; op++) {
		name = op < 0x80U ? op_name((enum inval_op)op) : NULL;
		CHECK(strcmp(inval_text_op(op), name != NULL ? name : "?") == 0, "%#x is %s", op,
		      inval_text_op(op));
		CHECK((name != NULL) == (inval_cmd_layout(op) != 0U), "%#x", op);
	}
	CHECK(strcmp(inval_text_op(~0U), "?") == 0, "~0 is %s", inval_text_op(~0U));
}

TEST(text, fields_have_their_enumerators_names)
{
	uint32_t n;

	for (n = 0; n < 0x20U; n++)
		CHECK(is_name(inval_text_fld((enum inval_fld)n), fld_name((enum inval_fld)n)),
		      "%u is %s", n, inval_text_fld((enum inval_fld)n));
}

TEST(text, codes_begin_with_their_enumerators_names)
{
	const char *text, *name;
	size_t n;
	int code;

	for (code = 1; code < 0x300; code++) {
		text = inval_text_code(-code);
		name = code < 0x80 ? code_name((enum inval_code)code) : NULL;
		n = name != NULL ? strlen(name) : 0;
		CHECK(text == inval_text_code(code), "%d and %d differ", code, -code);
		if (name == NULL)
			CHECK(strcmp(text, "?") == 0, "%d is %s", code, text);
		else
			CHECK(strncmp(text, name, n) == 0 && strncmp(text + n, ": ", 2) == 0 &&
			      strlen(text + n) > 10U, "%d is %s", code, text);
	}
	CHECK(strcmp(inval_text_code(0), "OK: done") == 0, "0 is %s", inval_text_code(0));
	CHECK(strcmp(inval_text_code(-2147483647 - 1), "?") == 0, "the least int");
}

TEST(text, warnings_events_and_counters_have_their_enumerators_names)
{
	uint32_t n;

	for (n = 0; n < 8U; n++)
		CHECK(is_name(inval_text_warn((enum inval_warn)n), warn_name((enum inval_warn)n)),
		      "warning %u is %s", n, inval_text_warn((enum inval_warn)n));
	for (n = 0; n < 16U; n++)
		CHECK(is_name(inval_text_event((enum inval_event)n),
			      event_name((enum inval_event)n)),
		      "event %u is %s", n, inval_text_event((enum inval_event)n));
	for (n = 0; n < 16U; n++)
		CHECK(is_name(inval_text_counter((enum inval_counter)n),
			      counter_name((enum inval_counter)n)),
		      "counter %u is %s", n, inval_text_counter((enum inval_counter)n));
}

TEST(text, reasons_have_sentences_of_their_own)
{
	const char *text, *words;
	uint32_t n, other, matches;

	for (n = 0; n < (uint32_t)INVAL_ILL_COUNT; n++) {
		text = inval_text_reason((enum inval_reason)n);
		words = reason_words((enum inval_reason)n);
		CHECK(has_words(text, words), "%u is %s, without %s", n, text, words);
		matches = 0;
		for (other = 0; other < (uint32_t)INVAL_ILL_COUNT; other++)
			if (has_words(inval_text_reason((enum inval_reason)other), words))
				matches++;
		CHECK(matches == 1U, "%s is in %u sentences", words, matches);
	}
	for (; n < 0x20U; n++)
		CHECK(strcmp(inval_text_reason((enum inval_reason)n), "?") == 0, "%u", n);
}

TEST(text, steps_and_their_reasons)
{
	const char *words;
	uint32_t n, other, matches;

	for (n = 0; n < 16U; n++) {
		CHECK(is_name(inval_text_step((enum inval_step)n), step_name((enum inval_step)n)),
		      "step %u is %s", n, inval_text_step((enum inval_step)n));
		words = why_words((enum inval_why)n);
		if (words == NULL) {
			CHECK(strcmp(inval_text_why((enum inval_why)n), "?") == 0, "reason %u", n);
			continue;
		}
		for (other = 0, matches = 0; other < 16U; other++)
			matches += has_words(inval_text_why((enum inval_why)other), words) ? 1U : 0U;
		CHECK(matches == 1U && has_words(inval_text_why((enum inval_why)n), words), "%u", n);
	}
}

static const struct line {
	uint64_t d0, d1;
	const char *text;
} lines[] = {
	{0x12345678abcdec01, 0, "PREFETCH_CONFIG ssec=1 sid=0x12345678 ssv=1 ssid=703710"},
	{0xffffffff00000001, 0, "PREFETCH_CONFIG sid=0xffffffff"},
	{0x12345678abcde802, 0xfedcba98765433ff,
	 "PREFETCH_ADDR sid=0x12345678 ssv=1 ssid=703710 va=0xfedcba9876543000 pf_size=31 "
	 "pf_stride=31"},
	{0x0000000000000402, 0x800, "PREFETCH_ADDR ssec=1 sid=0x0 va=0x0 pf_ns=1"},
	{0x1234567800000403, 0, "CFGI_STE ssec=1 sid=0x12345678"},
	{0x1234567800000003, 1, "CFGI_STE sid=0x12345678 leaf=1"},
	{0x0000000000000004, 31, "CFGI_STE_RANGE sid=0x0 range=31"},
	{0x1234567800000005, 1, "CFGI_CD sid=0x12345678 ssid=0 leaf=1"},
	{0x12345678fffff005, 0, "CFGI_CD sid=0x12345678 ssid=1048575"},
	{0x1234567800000006, 0, "CFGI_CD_ALL sid=0x12345678"},
	{0x0000beef00000007, 0, "CFGI_VMS_PIDM vmid=48879"},
	{0x0000000000000010, 0, "TLBI_NH_ALL vmid=0"},
	{0xcafebeef00000011, 0, "TLBI_NH_ASID vmid=48879 asid=51966"},
	{0x0001000500003012, 0x1401,
	 "TLBI_NH_VA vmid=5 asid=1 va=0x1000 leaf=1 tg=1 num=3 scale=0"},
	{0xcafebeef0271f012, 0xfedcba9876543b81,
	 "TLBI_NH_VA vmid=48879 asid=51966 va=0xfedcba9876543000 leaf=1 ttl=3 ttl128=1 tg=2 "
	 "num=31 scale=39"},
	{0x0000000000000012, 0, "TLBI_NH_VA vmid=0 asid=0 va=0x0"},
	{0x0000000000001013, 0, "TLBI_NH_VAA vmid=0 va=0x0 num=1"},
	{0x0000000000000018, 0, "TLBI_EL3_ALL"},
	{0x000000000000001a, 0x2000, "TLBI_EL3_VA va=0x2000"},
	{0x0000000000000020, 0, "TLBI_EL2_ALL"},
	{0xffff000000000021, 0, "TLBI_EL2_ASID asid=65535"},
	{0x000a000000000022, 0x3000, "TLBI_EL2_VA asid=10 va=0x3000"},
	{0x0000000000000023, 0xc00, "TLBI_EL2_VAA va=0x0 tg=3 num=0 scale=0"},
	{0x0000beef00000028, 0, "TLBI_S12_VMALL vmid=48879"},
	{0x0000beef0000002a, 0x00dcba9876543001,
	 "TLBI_S2_IPA vmid=48879 ipa=0xdcba9876543000 leaf=1"},
	{0x0000000000000030, 0, "TLBI_NSNH_ALL"},
	{0x12345678abcdea40, 0xfedcba9876540004,
	 "ATC_INV sid=0x12345678 ssv=1 ssid=703710 global=1 va=0xfedcba9876540000 atc_size=4"},
	{0x0000000100000840, 0, "ATC_INV sid=0x1 ssv=1 ssid=0 va=0x0 atc_size=0"},
	{0x1234567800000040, 52, "ATC_INV sid=0x12345678 va=0x0 atc_size=52"},
	{0x1234567800000041, 0x21ff, "PRI_RESP sid=0x12345678 prg=511 resp=2"},
	{0x1234567800001044, 0xbeef, "RESUME sid=0x12345678 stag=48879 ac=1"},
	{0x0000000000002044, 0, "RESUME sid=0x0 stag=0 ab=1"},
	{0x1234567800000045, 0, "STALL_TERM sid=0x12345678"},
	{0x0000000000000046, 0, "SYNC cs=0"},
	{0xdeadbeef0fc01046, 0x80dcba9876543214,
	 "SYNC cs=1 msi_addr=0xdcba9876543214 msi_data=0xdeadbeef msi_attr=15 msh=3 msi_ns=1"},
	{0x0000000000000050, 0, "TLBI_S_EL2_ALL"},
	{0x0009000000000051, 0, "TLBI_S_EL2_ASID asid=9"},
	{0x0063000000000052, 0x1000, "TLBI_S_EL2_VA asid=99 va=0x1000"},
	{0x0000000000000053, 0x100, "TLBI_S_EL2_VAA va=0x0 ttl=1"},
	{0x0000000700000058, 0, "TLBI_S_S12_VMALL vmid=7"},
	{0x000000640000005a, 0, "TLBI_S_S2_IPA vmid=100 ipa=0x0"},
	{0x0000000000000060, 0, "TLBI_SNH_ALL"},
	{0x0000000000000070, 0, "DPTI_ALL"},
	{0x0000000000000073, 0x1000, "DPTI_PA stray d0=0x0 d1=0x1000"},
	{0x0000000000000430, 0, "TLBI_NSNH_ALL stray d0=0x400 d1=0x0"},
	{0xffff000700000010, 2, "TLBI_NH_ALL vmid=7 stray d0=0xffff000000000000 d1=0x2"},
	{0x00000000000000ee, 1, "op 0xee d0=0xee d1=0x1"},
	{0, 0, "op 0x0 d0=0x0 d1=0x0"},
	{0xabcdef0123456780, ~0ULL, "op 0x80 d0=0xabcdef0123456780 d1=0xffffffffffffffff"},
};

static struct inval_cmd words(uint64_t d0, uint64_t d1)
{
	struct inval_cmd cmd;

	cmd.d0 = d0;
	cmd.d1 = d1;
	return cmd;
}

TEST(text, lines)
{
	char buf[256];
	size_t i, len, seen = 0;
	uint32_t op;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		len = inval_text_cmd(buf, sizeof(buf), words(lines[i].d0, lines[i].d1));
		CHECK(strcmp(buf, lines[i].text) == 0, "\"%s\", not \"%s\"", buf, lines[i].text);
		CHECK(len == strlen(buf), "\"%s\": %u", buf, (unsigned)len);
	}
	for (op = 0; op < 0x100U; op++) {
		for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			if ((lines[i].d0 & 0xffU) == op) {
				seen += inval_cmd_layout(op) != 0U;
				break;
			}
		}
	}
	CHECK(seen == 34U, "%u opcodes have a line", (unsigned)seen);
}

/* Add what one token says; false if it says nothing. */
static bool add_token(struct inval_cmd *cmd, const char *token)
{
	unsigned long long value;
	struct inval_pos pos;
	const char *at = strchr(token, '=');
	uint32_t n;

	if (at == NULL || sscanf(at + 1, at[1] == '0' && at[2] == 'x' ? "%llx" : "%llu", &value) != 1)
		return false;
	if (strncmp(token, "d0=", 3) == 0 || strncmp(token, "d1=", 3) == 0) {
		*(token[1] == '0' ? &cmd->d0 : &cmd->d1) |= value;
		return true;
	}
	for (n = 0; n < (uint32_t)INVAL_FLD_COUNT; n++) {
		const char *name = inval_text_fld((enum inval_fld)n);

		if (strncmp(token, name, strlen(name)) != 0 || token[strlen(name)] != '=')
			continue;
		pos = inval_fld_pos((enum inval_fld)n);
		*(pos.word == 0U ? &cmd->d0 : &cmd->d1) |= pos.in_place ? value : value << pos.lsb;
		return true;
	}
	return false;
}

/* Put a command together from its line. */
static struct inval_cmd parse(const char *line)
{
	struct inval_cmd cmd = {0, 0};
	char buf[256], *token;
	uint32_t op;

	memcpy(buf, line, strlen(line) + 1U);
	token = strtok(buf, " ");
	for (op = 0; op < 0x100U; op++)
		if (strcmp(token, inval_text_op(op)) == 0)
			cmd.d0 = op;
	for (token = strtok(NULL, " "); token != NULL; token = strtok(NULL, " "))
		CHECK(add_token(&cmd, token) || strcmp(token, "stray") == 0 ||
		      strncmp(token, "0x", 2) == 0, "%s in \"%s\"", token, line);
	return cmd;
}

/* The line of @cmd has all its bits, and fits where it must. */
static void check_parse(struct inval_cmd cmd)
{
	struct inval_cmd back;
	char buf[256];
	size_t len = inval_text_cmd(buf, sizeof(buf), cmd);

	CHECK(len < sizeof(buf) && len == strlen(buf), "\"%s\": %u", buf, (unsigned)len);
	back = parse(buf);
	CHECK(back.d0 == cmd.d0 && back.d1 == cmd.d1, "\"%s\" is %016llx %016llx, not %016llx %016llx",
	      buf, (unsigned long long)back.d0, (unsigned long long)back.d1,
	      (unsigned long long)cmd.d0, (unsigned long long)cmd.d1);
}

TEST(text, no_line_loses_a_bit)
{
	uint64_t state = 1, low;
	unsigned op, bit, i;

	for (op = 0; op < 0x100U; op++) {
		check_parse(words(op, 0));
		check_parse(words(~0xffULL | op, ~0ULL));
		for (bit = 8; bit < 64U; bit++)
			check_parse(words(op | 1ULL << bit, 0));
		for (bit = 0; bit < 64U; bit++)
			check_parse(words(op, 1ULL << bit));
		for (i = 0; i < TEST_ROUNDS(100U, 5U); i++) {
			low = test_random(&state) & ~0xffULL;
			check_parse(words(low | op, test_random(&state)));
		}
	}
}

/* Write a line into @size bytes of a buffer that is watched. */
static void check_cut(struct inval_cmd cmd, const char *whole, size_t size)
{
	char buf[300];
	size_t len = strlen(whole), kept = size == 0U ? 0 : size - 1U, i, got;

	memset(buf, 0x7e, sizeof(buf));
	got = inval_text_cmd(size == 0U ? NULL : buf, size, cmd);
	if (kept > len)
		kept = len;
	CHECK(got == len, "\"%s\" in %u bytes: %u", whole, (unsigned)size, (unsigned)got);
	CHECK(memcmp(buf, whole, kept) == 0, "\"%s\" in %u bytes", whole, (unsigned)size);
	if (size != 0U)
		CHECK(buf[kept] == '\0', "\"%s\" in %u bytes has no end", whole, (unsigned)size);
	for (i = size == 0U ? 0 : kept + 1U; i < sizeof(buf); i++)
		CHECK(buf[i] == 0x7e, "\"%s\" in %u bytes: byte %u written", whole, (unsigned)size,
		      (unsigned)i);
}

TEST(text, every_size)
{
	size_t i, size;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		for (size = 0; size < strlen(lines[i].text) + 3U; size++)
			check_cut(words(lines[i].d0, lines[i].d1), lines[i].text, size);
}
