/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * EL2's vectors for an image that is its own firmware: HVC #0 from EL2 itself comes to
 * firmware_answer(uint64_t x[5]); all else ends the run.
 */
	.text
	.macro fatal number
	.balign 0x80
	mov	x0, #\number
	b	firmware_fatal
	.endm

	.balign 0x800
	.global firmware_vectors
firmware_vectors:
	.irp	number, 0, 1, 2, 3
	fatal	\number
	.endr
	.balign 0x80
	b	firmware_sync
	.irp	number, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	fatal	\number
	.endr

/* What it clobbers on the way, SMCCC lets it: all of x5 to x17. */
firmware_sync:
	mrs	x16, esr_el2
	lsr	x16, x16, #26
	cmp	x16, #0x16
	mov	x17, x0
	mov	x0, #4
	b.ne	firmware_fatal
	stp	x29, x30, [sp, #-80]!
	stp	x17, x1, [sp, #16]
	stp	x2, x3, [sp, #32]
	stp	x4, x18, [sp, #48]
	add	x0, sp, #16
	bl	firmware_answer
	ldp	x0, x1, [sp, #16]
	ldp	x2, x3, [sp, #32]
	ldp	x4, x18, [sp, #48]
	mov	x5, #-1
	mov	x17, #-1
	ldp	x29, x30, [sp], #80
	eret

firmware_fatal:
	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, far_el2
	bl	vmm_trap
	mov	w0, #1
	b	image_exit
