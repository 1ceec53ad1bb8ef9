/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entry at EL2, MMU and caches off, one CPU. Whatever is not expected (another
 * exception level, any exception) ends the run with an exit code that is not 0.
 */
	.section .text.start, "ax"
	.global image_start
image_start:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	mov	w0, #2
	b.ne	image_exit
	adr	x0, image_vectors
	msr	vbar_el2, x0
	ldr	x0, =0x30c50830		/* SCTLR_EL2: only its RES1 bits */
	msr	sctlr_el2, x0
	isb
	ldr	x0, =image_stack
	mov	sp, x0
	ldr	x0, =image_bss
	ldr	x1, =image_bss_end
1:	cmp	x0, x1
	b.hs	2f
	stp	xzr, xzr, [x0], #16
	b	1b
2:	bl	vmm_main
	/* falls through with the exit code in w0 */

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

/* uint64_t image_semihost(uint64_t operation, void *block) */
	.global image_semihost
image_semihost:
	hlt	#0xf000
	ret

	.section .data
	.balign 8
exit_block:
	.quad	0x20026
exit_code:
	.quad	1

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
