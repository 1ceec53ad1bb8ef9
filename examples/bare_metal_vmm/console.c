/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* console.c - the UART, a small printf, the command line and the ways to end. */
#include <stdarg.h>

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

static void put_padded(const char *text, int width, bool left)
{
	int length = 0, i;

	while (text[length] != '\0')
		length++;
	for (i = length; !left && i < width; i++)
		put(' ');
	for (i = 0; i < length; i++)
		put(text[i]);
	for (i = length; left && i < width; i++)
		put(' ');
}

static const char *digits(uint64_t value, uint32_t base, char buffer[24])
{
	char *at = &buffer[23];

	*at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0U);
	return at;
}

/* %s %u %x %llu %llx %c %%, with a width and '-'. */
void say(const char *format, ...)
{
	char buffer[24] = { 0 };
	va_list args;

	va_start(args, format);
	for (; *format != '\0'; format++) {
		bool left = false, wide = false;
		uint64_t value;
		int width = 0;

		if (*format != '%') {
			put(*format);
			continue;
		}
		for (format++; *format == '-'; format++)
			left = true;
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (*format - '0');
		for (; *format == 'l'; format++)
			wide = true;
		switch (*format) {
		case 's':
			put_padded(va_arg(args, const char *), width, left);
			break;
		case 'c':
			put((char)va_arg(args, int));
			break;
		case 'u':
		case 'x':
			value = wide ? va_arg(args, uint64_t) : va_arg(args, uint32_t);
			put_padded(digits(value, *format == 'x' ? 16 : 10, buffer), width, left);
			break;
		default:
			put(*format);
			break;
		}
	}
	va_end(args);
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
