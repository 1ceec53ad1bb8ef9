/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * inval/types.h - integer types, result codes, byte order, compiler glue.
 *
 * Pure: no hook, no state, no memory but its arguments. Any function here may
 * run in any context, at the same time as any other.
 *
 * An embedder without <stdint.h>, <stdbool.h> and <stddef.h> names a header
 * that gives uint8_t to uint64_t, int32_t, int64_t, bool and size_t:
 *	-DINVAL_TYPES_H='"linux/types.h"'
 */
#ifndef INVAL_TYPES_GUARD
#define INVAL_TYPES_GUARD

#ifdef INVAL_TYPES_H
#include INVAL_TYPES_H
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/*
 * INVAL_NAMESPACE (C++ only) puts all of the library into a namespace, so that
 * two ports can live in one program without two meanings for one name.
 */
#if defined(__cplusplus) && defined(INVAL_NAMESPACE)
#define INVAL_BEGIN namespace INVAL_NAMESPACE {
#define INVAL_END }
#else
#define INVAL_BEGIN
#define INVAL_END
#endif

/* With underscores: without them a kernel may have macros (Xen: always_inline). */
#define INVAL_ALWAYS_INLINE static inline __attribute__((__always_inline__))
#define INVAL_MUST_CHECK __attribute__((__warn_unused_result__))
/* Out of the way of the code that runs often. */
#define INVAL_COLD __attribute__((__cold__))

/* Kernels' own types come without limits. */
#define INVAL_U32_MAX	0xffffffffU

INVAL_BEGIN

/**
 * enum inval_code - what a function returns, negated; the numbers are Linux's
 * @INVAL_EPERM: not allowed to this caller
 * @INVAL_ENOENT: a key, tag or SMMU is not known
 * @INVAL_EIO: the hardware reported an error nobody could name
 * @INVAL_EAGAIN: nothing was done, the same call may succeed later
 * @INVAL_ENOMEM: the memory given is smaller than the size function said
 * @INVAL_EFAULT: the SMMU could not read its queue (CERROR_ABT)
 * @INVAL_EBUSY: in use, or the firmware stayed busy until the last try
 * @INVAL_EEXIST: already there
 * @INVAL_ENODEV: no such SMMU, or it is gone
 * @INVAL_EINVAL: an argument is wrong; nothing was changed
 * @INVAL_ENOSPC: no tag, slot or number is left
 * @INVAL_ERANGE: a value does not fit its field; nothing was changed
 * @INVAL_EPROTO: firmware or hardware answered what its document rules out
 * @INVAL_EOVERFLOW: a count would pass its largest value; nothing was changed
 * @INVAL_EILSEQ: the SMMU called one of our commands illegal (CERROR_ILL)
 * @INVAL_EOPNOTSUPP: not supported here, or not known well enough to do
 * @INVAL_ESHUTDOWN: the queue is broken until it is reset; nothing was issued
 * @INVAL_ETIMEDOUT: time ran out; what was asked must be taken as not done
 * @INVAL_EREMOTEIO: a device did not confirm an ATC_INV
 * @INVAL_EDQUOT: the firmware limited the rate until the last try
 */
enum inval_code {
	INVAL_EPERM = 1,
	INVAL_ENOENT = 2,
	INVAL_EIO = 5,
	INVAL_EAGAIN = 11,
	INVAL_ENOMEM = 12,
	INVAL_EFAULT = 14,
	INVAL_EBUSY = 16,
	INVAL_EEXIST = 17,
	INVAL_ENODEV = 19,
	INVAL_EINVAL = 22,
	INVAL_ENOSPC = 28,
	INVAL_ERANGE = 34,
	INVAL_EPROTO = 71,
	INVAL_EOVERFLOW = 75,
	INVAL_EILSEQ = 84,
	INVAL_EOPNOTSUPP = 95,
	INVAL_ESHUTDOWN = 108,
	INVAL_ETIMEDOUT = 110,
	INVAL_EREMOTEIO = 121,
	INVAL_EDQUOT = 122
};

/**
 * inval_bits() - a value put at a bit position
 * @value: must fit above @shift; bits that do not are lost
 * @shift: 0 to 63
 *
 * Context: any.
 * Return: the value, shifted.
 */
static inline uint64_t inval_bits(uint64_t value, uint32_t shift)
{
	return value << shift;
}

/**
 * inval_field() - the bits @msb to @lsb of a word
 * @word: the word
 * @msb: highest bit, @lsb to 63
 * @lsb: lowest bit
 *
 * Context: any.
 * Return: the field, moved down to bit 0.
 */
static inline uint64_t inval_field(uint64_t word, uint32_t msb, uint32_t lsb)
{
	return (word << (63U - msb)) >> (63U - msb + lsb);
}

/**
 * inval_fits() - does a value fit into a number of bits?
 * @value: the value
 * @bits: 0 to 64
 *
 * Context: any.
 * Return: true when no bit at or above @bits is set.
 */
static inline bool inval_fits(uint64_t value, uint32_t bits)
{
	return bits >= 64U || (value >> bits) == 0U;
}

/**
 * inval_log2() - position of the highest one bit
 * @value: not 0
 *
 * Where the compiler would call its own library for this, halving steps do it.
 *
 * Context: any.
 * Return: 0 to 63.
 */
static inline uint32_t inval_log2(uint64_t value)
{
#if defined(__x86_64__) || defined(__aarch64__)
	return 63U ^ (uint32_t)__builtin_clzll(value);
#else
	uint32_t log2 = 0, step;

	for (step = 32; step != 0U; step >>= 1) {
		if ((value >> step) != 0U) {
			value >>= step;
			log2 += step;
		}
	}
	return log2;
#endif
}

/**
 * inval_ctz() - position of the lowest one bit
 * @value: not 0
 *
 * Context: any.
 * Return: 0 to 63.
 */
static inline uint32_t inval_ctz(uint64_t value)
{
	return inval_log2(value & (0U - value));
}

/**
 * inval_le64() - a word between CPU order and the SMMU's little-endian order
 * @word: in either order
 *
 * Queues are little-endian whatever IDR0.TTENDIAN says (IHI 0070, 3.5.1).
 *
 * Context: any.
 * Return: the word in the other order; the same on a little-endian CPU.
 */
static inline uint64_t inval_le64(uint64_t word)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(word);
#else
	return word;
#endif
}

INVAL_END

#endif /* INVAL_TYPES_GUARD */
