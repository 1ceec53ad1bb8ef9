/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entry of each CPU at EL2. The MMU goes on at once, with memory Write-Back and shared,
 * for exclusive accesses are only good there; each CPU has a stack of 64 KiB.
 */
	.section .text.start, "ax"
	.global image_start
image_start:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	mov	w0, #2
	b.ne	image_exit
	ldr	x0, =image_bss
	ldr	x1, =image_bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	mov	x19, #0
	b	cpu_begin

	.global smp_start
smp_start:				/* PSCI: x0 is the context, the CPU's number */
	mov	x19, x0
cpu_begin:
	msr	daifset, #0xf
	adr	x0, image_vectors
	msr	vbar_el2, x0
	mov	x0, #0xff00		/* MAIR: 0 Device-nGnRnE, 1 Write-Back */
	msr	mair_el2, x0
	ldr	x0, =0x80823519		/* TCR_EL2: 39 bits, 4K, Write-Back, inner shareable */
	msr	tcr_el2, x0
	ldr	x0, =tables
	msr	ttbr0_el2, x0
	dsb	sy
	isb
	tlbi	alle2
	dsb	sy
	ldr	x0, =0x30c51835		/* SCTLR_EL2: RES1, M, C, I */
	msr	sctlr_el2, x0
	isb
	ldr	x0, =smp_stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #16
	mov	sp, x0
	msr	tpidr_el2, x19
	mov	x0, x19
	bl	smp_cpu
	b	image_exit

/* Semihosting SYS_EXIT (0x18), reason ADP_Stopped_ApplicationExit. */
	.global image_exit
image_exit:
	mov	w2, w0
	ldr	x3, =exit_code
	ldr	x1, =exit_block
	str	x2, [x3]
	mov	w0, #0x18
	hlt	#0xf000
3:	wfi
	b	3b

	.global image_semihost
image_semihost:
	hlt	#0xf000
	ret

/* uint64_t smp_psci(function, target, entry, context) */
	.global smp_psci
smp_psci:
	smc	#0
	ret

	.section .data
	.balign 8
exit_block:
	.quad	0x20026
exit_code:
	.quad	1
	.balign 4096
tables:					/* 1 GiB each: devices, memory */
	.quad	0x0040000000000441
	.quad	0x0000000040000745
	.fill	510, 8, 0

	.section .bss
	.balign 16
smp_stacks:
	.space	0x40000

	.text
	.macro vector number
	.balign 0x80
	mov	x0, #\number
	b	image_trap
	.endm

	.balign 0x800
image_vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vector	\number
	.endr

image_trap:
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	bl	vmm_trap
	mov	w0, #1
	b	image_exit
