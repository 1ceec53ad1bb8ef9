/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* console.c - the UART, text with numbers in it, the command line, the ways to end. */
#include "vmm.h"

#define UART 0x09000000ULL	/* PL011: DR 0x00, FR 0x18, CR 0x30 */

static void put(char c)
{
	static bool on;

	if (!on) {
		write32(UART + 0x30U, 0x301U);	/* TX, RX and UART enabled */
		on = true;
	}
	while ((read32(UART + 0x18U) & 0x20U) != 0U)
		;
	write32(UART, (uint32_t)c);
}

/* Text being put together; what does not fit is lost. */
struct text {
	char *at;
	char *end;
};

static void add(struct text *text, char c)
{
	if (text->at < text->end)
		*text->at++ = c;
}

static void add_padded(struct text *text, const char *word, uint32_t width, bool left)
{
	uint32_t length = 0, i;

	while (word[length] != '\0')
		length++;
	for (i = length; !left && i < width; i++)
		add(text, ' ');
	for (i = 0; i < length; i++)
		add(text, word[i]);
	for (i = length; left && i < width; i++)
		add(text, ' ');
}

static void add_number(struct text *text, uint64_t value, uint32_t base, uint32_t width, bool left)
{
	char digits[24];
	char *at = &digits[sizeof(digits) - 1U];

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0U);
	add_padded(text, at, width, left);
}

/* %s %u %x %llu %llx %%, with a width and '-'. */
void format_text(char *buffer, uint32_t bytes, const char *format, va_list args)
{
	struct text text = { buffer, buffer + bytes - 1U };

	for (; *format != '\0'; format++) {
		bool left = false, wide = false;
		uint32_t width = 0;

		if (*format != '%') {
			add(&text, *format);
			continue;
		}
		for (format++; *format == '-'; format++)
			left = true;
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10U + (uint32_t)(*format - '0');
		for (; *format == 'l'; format++)
			wide = true;
		if (*format == 's')
			add_padded(&text, va_arg(args, const char *), width, left);
		else if (*format == 'u' || *format == 'x')
			add_number(&text, wide ? va_arg(args, uint64_t) : va_arg(args, uint32_t),
				   *format == 'x' ? 16 : 10, width, left);
		else
			add(&text, *format);
	}
	*text.at = '\0';
}

void say(const char *format, ...)
{
	char line[256];
	const char *at;
	va_list args;

	va_start(args, format);
	format_text(line, sizeof(line), format, args);
	va_end(args);
	for (at = line; *at != '\0'; at++)
		put(*at);
}

void die(const char *why)
{
	say("FATAL: %s\n", why);
	image_exit(1);
}

void vmm_trap(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far);

void vmm_trap(uint64_t vector, uint64_t esr, uint64_t elr, uint64_t far)
{
	say("FATAL: exception, vector %llu esr 0x%llx elr 0x%llx far 0x%llx\n",
	    (unsigned long long)vector, (unsigned long long)esr, (unsigned long long)elr,
	    (unsigned long long)far);
}

/* Is this word one of the command line's? Semihosting SYS_GET_CMDLINE is 0x15. */
bool argument(const char *word)
{
	static char line[128];
	uint64_t block[2] = { (uint64_t)line, sizeof(line) };
	const char *at = line;
	uint32_t i;

	if (image_semihost(0x15, block) != 0U)
		die("no command line from semihosting");
	while (*at != '\0') {
		for (i = 0; word[i] != '\0' && at[i] == word[i]; i++)
			;
		if (word[i] == '\0' && (at[i] == '\0' || at[i] == ' '))
			return true;
		while (*at != '\0' && *at++ != ' ')
			;
	}
	return false;
}
