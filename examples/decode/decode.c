/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * decode.c - SMMUv3 commands as text, and what is illegal about them, and why.
 *
 *	decode [--idr0=N ... --aidr=N --no-e2h] [--sec=ns|secure|realm] [--binary] [FILE]
 *
 * FILE, or standard input, is a hex dump: hexdump -C, xxd, a debugger's 32 or 64-bit
 * words, or two words a line; 16 bytes a line, what comes before a colon or behind a bar
 * is left out. --binary: an image of a queue's memory. Without registers the SMMU is an
 * SMMUv3.4 with everything. Needs no port and no library.
 *
 * Exit code: 0 all are legal, 1 some are not, 2 something could not be read.
 */
#include <inval/text.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct decoder {
	struct inval_caps caps;
	enum inval_sec sec;
	unsigned long commands, illegal;
};

static void decode(struct decoder *d, const unsigned char *bytes)
{
	enum inval_reason reason;
	struct inval_cmd cmd;
	uint64_t mem[2];
	char text[256];

	memcpy(mem, bytes, sizeof(mem));
	cmd = inval_cmd_load(mem);
	reason = inval_check(&d->caps, d->sec, cmd);
	(void)inval_text_cmd(text, sizeof(text), cmd);
	printf("%6lu  %s\n", d->commands++, text);
	if (reason != INVAL_LEGAL) {
		d->illegal++;
		printf("        ILLEGAL: %s\n", inval_text_reason(reason));
	}
}

/* A number of 2 or 4 digits is bytes as they stand; a longer one is a word. */
static size_t put_number(unsigned char *out, const char *digits, size_t len)
{
	uint64_t value = strtoull(digits, NULL, 16);
	size_t bytes = len / 2, i;

	for (i = 0; i < bytes; i++)
		out[bytes > 2 ? i : bytes - 1 - i] = (unsigned char)(value >> (8 * i));
	return bytes;
}

/* The numbers of one line; 16 bytes, or 0 for a line without any, or -1. */
static int parse(char *line, unsigned char out[16])
{
	char *word, *colon = strchr(line, ':');
	size_t at = 0, len, dump;
	unsigned char wide[32];

	line[strcspn(line, "|#")] = '\0';
	if (colon && colon < line + strlen(line))
		line = colon + 1;
	/* hexdump -C: an offset of 8 digits and two spaces, no colon. */
	dump = strspn(line, "0123456789abcdefABCDEF");
	if (dump == 8 && strncmp(line + 8, "  ", 2) == 0 && isxdigit((unsigned char)line[10]) &&
	    isxdigit((unsigned char)line[11]) && line[12] == ' ')
		line += 8;
	else if (!colon && dump == 8 && line[8 + strspn(line + 8, " \t\r\n")] == '\0')
		return 0;
	for (word = strtok(line, " \t\r\n,"); word; word = strtok(NULL, " \t\r\n,")) {
		if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
			word += 2;
		len = strlen(word);
		if (strspn(word, "0123456789abcdefABCDEF") != len || at >= 16 ||
		    (len != 2 && len != 4 && len != 8 && len != 16))
			return -1;
		at += put_number(wide + at, word, len);
	}
	if (at == 16)
		memcpy(out, wide, 16);
	return at == 0 || at == 16 ? (int)at : -1;
}

static int read_dump(struct decoder *d, FILE *in)
{
	unsigned char bytes[16];
	unsigned long number = 0;
	char line[512];
	int got;

	while (fgets(line, sizeof(line), in)) {
		number++;
		if (line[0] == '*') {
			printf("        ... lines like the one before\n");
			continue;
		}
		got = parse(line, bytes);
		if (got < 0) {
			fprintf(stderr, "decode: line %lu is not 16 bytes\n", number);
			return 2;
		}
		if (got != 0)
			decode(d, bytes);
	}
	return 0;
}

static int read_binary(struct decoder *d, FILE *in)
{
	unsigned char bytes[16];
	size_t got;

	while ((got = fread(bytes, 1, sizeof(bytes), in)) == sizeof(bytes))
		decode(d, bytes);
	if (got == 0)
		return 0;
	fprintf(stderr, "decode: %zu bytes at the end are no command\n", got);
	return 2;
}

/* --NAME=N into a register; the ones of S_* and R_* begin like that. */
static int set_register(struct inval_idregs *regs, const char *arg)
{
	const struct { const char *name; uint32_t *reg; } all[] = {
		{ "--aidr=", &regs->aidr }, { "--idr0=", &regs->idr0 }, { "--idr1=", &regs->idr1 },
		{ "--idr3=", &regs->idr3 }, { "--idr5=", &regs->idr5 }, { "--idr6=", &regs->idr6 },
		{ "--r_idr0=", &regs->r_idr0 }, { "--r_idr3=", &regs->r_idr3 },
		{ "--s_idr0=", &regs->s_idr0 }, { "--s_idr1=", &regs->s_idr1 },
		{ "--s_idr3=", &regs->s_idr3 },
	};
	char *end;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strncmp(arg, all[i].name, strlen(all[i].name)) != 0)
			continue;
		arg += strlen(all[i].name);
		*all[i].reg = (uint32_t)strtoul(arg, &end, 0);
		return *arg != '\0' && *end == '\0' ? 0 : -1;
	}
	return -1;
}

static int set_sec(struct decoder *d, const char *name)
{
	static const char *const names[] = { "ns", "secure", "realm" };
	int i;

	for (i = 0; i < 3; i++) {
		if (strcmp(name, names[i]) == 0) {
			d->sec = (enum inval_sec)i;
			return 0;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	/* SMMUv3.4 with everything, RME excepted. */
	struct inval_idregs regs = { 0x4, 0x00057e33, 0x00000520, 0x00008580, 0x000001f5, 0,
				     0x00012400, 0x8000, 0x2000, 0xa0000020, 0, true, true };
	struct decoder d;
	bool binary = false;
	FILE *in = stdin;
	int i, err = 0;

	memset(&d, 0, sizeof(d));
	d.sec = INVAL_SEC_NS;
	for (i = 1; i < argc && err == 0 && strncmp(argv[i], "--", 2) == 0; i++) {
		if (strcmp(argv[i], "--binary") == 0)
			binary = true;
		else if (strcmp(argv[i], "--no-e2h") == 0)
			regs.e2h = regs.s_e2h = false;
		else if (strncmp(argv[i], "--sec=", 6) == 0)
			err = set_sec(&d, argv[i] + 6);
		else
			err = set_register(&regs, argv[i]);
	}
	if (err != 0 || argc > i + 1 || inval_caps_read(&d.caps, &regs) != 0) {
		fprintf(stderr, "usage: decode [--aidr=N --idr0=N --idr1=N --idr3=N --idr5=N ...] "
			"[--no-e2h] [--sec=ns|secure|realm] [--binary] [FILE]\n");
		return 2;
	}
	if (i < argc) {
		in = fopen(argv[i], "rb");
		if (!in) {
			fprintf(stderr, "decode: %s: %s\n", argv[i], strerror(errno));
			return 2;
		}
	}
	err = binary ? read_binary(&d, in) : read_dump(&d, in);
	if (in != stdin)
		fclose(in);
	printf("%lu commands, %lu illegal\n", d.commands, d.illegal);
	return err != 0 ? err : d.illegal != 0;
}
