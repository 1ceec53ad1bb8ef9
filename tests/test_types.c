/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * types.h
 * 1. inval_code has Linux's numbers, each once.
 * 2. inval_bits and inval_field are inverse for every place a field can have,
 *    and agree with a bit-by-bit reading; bits outside the field do not matter.
 * 3. inval_fits agrees with comparison to 2^bits, up to 64 and above.
 * 4. inval_log2 and inval_ctz agree with counting, for every one-bit word, for
 *    every word of two bits and for random words.
 * 5. inval_le64 gives the bytes of memory lowest first, on every CPU; twice is
 *    the word again.
 */
#include <inval/types.h>

#include "test.h"

static uint64_t pow2(uint32_t n)
{
	uint64_t v = 1;

	while (n-- > 0U)
		v += v;
	return v;
}

static bool bit(uint64_t word, uint32_t n)
{
	return (word & pow2(n)) != 0U;
}

static uint64_t slow_field(uint64_t word, uint32_t msb, uint32_t lsb)
{
	uint64_t v = 0;
	uint32_t n;

	for (n = lsb; n <= msb; n++)
		if (bit(word, n))
			v += pow2(n - lsb);
	return v;
}

TEST(types, codes_are_linux)
{
	static const int linux_number[][2] = {
		{ INVAL_EPERM, 1 }, { INVAL_ENOENT, 2 }, { INVAL_EIO, 5 },
		{ INVAL_EAGAIN, 11 }, { INVAL_ENOMEM, 12 }, { INVAL_EFAULT, 14 },
		{ INVAL_EBUSY, 16 }, { INVAL_EEXIST, 17 }, { INVAL_ENODEV, 19 },
		{ INVAL_EINVAL, 22 }, { INVAL_ENOSPC, 28 }, { INVAL_ERANGE, 34 },
		{ INVAL_EPROTO, 71 }, { INVAL_EOVERFLOW, 75 }, { INVAL_EILSEQ, 84 },
		{ INVAL_EOPNOTSUPP, 95 }, { INVAL_ESHUTDOWN, 108 },
		{ INVAL_ETIMEDOUT, 110 }, { INVAL_EREMOTEIO, 121 },
		{ INVAL_EDQUOT, 122 }
	};
	size_t i;

	for (i = 0; i < sizeof(linux_number) / sizeof(linux_number[0]); i++)
		CHECK(linux_number[i][0] == linux_number[i][1], "row %u: %d, want %d",
		      (unsigned int)i, linux_number[i][0], linux_number[i][1]);
}

TEST(types, field_reads_what_bits_wrote)
{
	uint64_t seed = 1, word, value, others;
	uint32_t msb, lsb;

	for (lsb = 0; lsb < 64U; lsb++) {
		for (msb = lsb; msb < 64U; msb++) {
			value = slow_field(test_random(&seed), msb - lsb, 0);
			word = inval_bits(value, lsb);
			CHECK(inval_field(word, msb, lsb) == value, "[%u:%u]", msb, lsb);
			others = test_random(&seed);
			CHECK(inval_field(others, msb, lsb) == slow_field(others, msb, lsb),
			      "[%u:%u] of %llx", msb, lsb, (unsigned long long)others);
		}
	}
}

TEST(types, bits_of_every_place)
{
	uint32_t place, shift;

	for (shift = 0; shift < 64U; shift++) {
		for (place = 0; place < 64U; place++) {
			uint64_t want = place + shift < 64U ? pow2(place + shift) : 0U;

			CHECK(inval_bits(pow2(place), shift) == want, "bit %u << %u", place, shift);
		}
	}
}

TEST(types, fits_is_below_the_power)
{
	uint64_t seed = 2, word;
	uint32_t bits, i;

	for (bits = 0; bits < 64U; bits++) {
		CHECK(inval_fits(pow2(bits) - 1U, bits), "largest in %u bits", bits);
		CHECK(!inval_fits(pow2(bits), bits), "smallest not in %u bits", bits);
		for (i = 0; i < 64U; i++) {
			word = test_random(&seed) >> i;
			CHECK(inval_fits(word, bits) == (word < pow2(bits)), "%llx in %u bits",
			      (unsigned long long)word, bits);
		}
	}
	for (bits = 64; bits < 70U; bits++)
		CHECK(inval_fits(UINT64_MAX, bits), "all ones in %u bits", bits);
	CHECK(inval_fits(UINT64_MAX, UINT32_MAX), "all ones in all ones bits");
}

static void check_ends(uint64_t word)
{
	uint32_t high = 63, low = 0;

	while (!bit(word, high))
		high--;
	while (!bit(word, low))
		low++;
	CHECK(inval_log2(word) == high, "log2(%llx) = %u, want %u", (unsigned long long)word,
	      inval_log2(word), high);
	CHECK(inval_ctz(word) == low, "ctz(%llx) = %u, want %u", (unsigned long long)word,
	      inval_ctz(word), low);
}

TEST(types, ends_of_one_and_two_bits)
{
	uint32_t i, j;

	for (i = 0; i < 64U; i++)
		for (j = 0; j < 64U; j++)
			check_ends(pow2(i) | pow2(j));
}

TEST(types, ends_of_random_words)
{
	uint64_t seed = 3;
	uint32_t i;

	for (i = 0; i < 100000U; i++)
		check_ends((test_random(&seed) >> (i % 64U)) | pow2(63U - i % 64U));
}

TEST(types, le64_is_lowest_byte_first)
{
	uint64_t seed = 4, word, memory;
	unsigned char byte[8];
	uint32_t i, n;

	for (i = 0; i < 1000U; i++) {
		word = test_random(&seed);
		memory = inval_le64(word);
		memcpy(byte, &memory, sizeof(byte));
		for (n = 0; n < 8U; n++)
			CHECK(byte[n] == ((word >> (8U * n)) & 0xffU), "byte %u of %llx is %02x",
			      n, (unsigned long long)word, byte[n]);
		CHECK(inval_le64(memory) == word, "twice: %llx", (unsigned long long)word);
	}
}
