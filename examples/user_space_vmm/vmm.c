/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vmm.c - a software SMMUv3 command queue in front of a real one: what a VMM, or a
 * hypervisor that traps, does with inval/guestq.h.
 *
 *	vmm RAM-FILE QEMU ARGUMENT...
 *
 * The SMMU and two devices that do DMA are QEMU's, over qtest; RAM-FILE is its memory.
 * One device belongs to a guest that owns stage 1: StreamID 1 to the guest, 8 to the
 * SMMU, VMID 5. The other, StreamID 9, belongs to a neighbour with VMID 6. The guest's
 * part is played here: it writes its page table, its queue and its registers, and only
 * inval_guestq_write() and inval_guestq_run() stand between that and the SMMU.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sys/mman.h>

#include <inval/guestq.h>
#include <inval/text.h>

#define SMMU		0x09050000ULL
#define RAM		0x40000000ULL
#define RAM_BYTES	0x10000000ULL
#define ECAM		0x4010000000ULL
#define BARS		0x10000000ULL

/* Ours, in physical memory. */
#define STREAM_TABLE	0x44000000ULL
#define CMDQ		0x44010000ULL
#define GUEST_S2	0x44020000ULL	/* two tables */
#define OTHER_S2	0x44022000ULL	/* three tables */
#define OTHER_OLD	0x44030000ULL
#define OTHER_NEW	0x44031000ULL
#define TOKENS		0x44032000ULL
#define BYSTANDER	0x44033000ULL	/* where the guest would like an MSI to land */

/* The guest's 2 MB: as it calls them, and where they are. */
#define IPA		0x80000000ULL
#define GUEST		0x46000000ULL
#define GUEST_BYTES	0x200000ULL
#define G_CD		0x0ULL
#define G_TABLES	0x1000ULL	/* three */
#define G_QUEUE		0x10000ULL
#define G_OLD		0x20000ULL
#define G_NEW		0x21000ULL

#define IOVA		0x1000ULL
#define QUEUE_LG2	6U
#define VMID		5U
#define OTHER_VMID	6U
#define VSID		1U
#define SID		8U
#define OTHER_SID	9U
#define ASID		3U

static unsigned char *ram;
static struct inval_queue queue;
static uint64_t book[2U << QUEUE_LG2];
static struct inval_smmu smmu;
static struct inval_guest guest;
static const struct inval_guest_stream stream = { VSID, SID, false, 0 };
static const struct inval_guest_map map = { &stream, 1 };
static struct inval_guestq gq;
static struct inval_cmd batch[16];
static uint32_t at[16];
static uint32_t passed, failed, ste_writes, syncs;

static void check(bool good, const char *what)
{
	printf("%s %s\n", good ? "   ok    " : "   FAILED", what);
	passed += good;
	failed += !good;
}

static uint64_t *word(uint64_t pa)
{
	return (uint64_t *)(void *)(ram + (pa - RAM));
}

static void put64(uint64_t pa, uint64_t value)
{
	*(volatile uint64_t *)word(pa) = inval_le64(value);
}

/* Devices: QEMU's edu. */

static void edu_dma(uint32_t dev, uint64_t src, uint64_t dst, uint32_t command)
{
	uint64_t bar = BARS + dev * 0x100000ULL;

	qtest_write("writeq", bar + 0x80, src);
	qtest_write("writeq", bar + 0x88, dst);
	qtest_write("writeq", bar + 0x90, 4);
	qtest_write("writeq", bar + 0x98, command);
	while ((qtest_read("readq", bar + 0x98) & 1U) != 0U)
		usleep(1000);
}

static void edu_start(uint32_t dev, uint32_t sid)
{
	uint64_t config = ECAM + ((uint64_t)sid << 12);

	if (qtest_read("readl", config) != 0x11e81234U)
		qtest_die("no edu device where one was expected");
	qtest_write("writel", config + 0x10, BARS + dev * 0x100000ULL);
	qtest_write("writel", config + 0x04, 6);
	put64(TOKENS, 0xed000000U + dev);
	edu_dma(dev, TOKENS, 0x40000, 1);
}

/* Which of two pages does the device's DMA to IOVA reach? */
static const char *edu_lands(uint32_t dev, uint64_t old, uint64_t new)
{
	uint64_t token = 0xed000000U + dev;
	bool on_old, on_new;

	put64(old, 0);
	put64(new, 0);
	edu_dma(dev, 0x40000, IOVA, 3);
	on_old = inval_le64(*(volatile uint64_t *)word(old)) == token;
	on_new = inval_le64(*(volatile uint64_t *)word(new)) == token;
	return on_old && on_new ? "both" : on_old ? "old" : on_new ? "new" : "nowhere";
}

static bool guest_device_sees(const char *page)
{
	const char *lands = edu_lands(0, GUEST + G_OLD, GUEST + G_NEW);

	printf("   device: its DMA lands on the %s page\n", lands);
	return strcmp(lands, page) == 0;
}

static bool other_device_sees(const char *page)
{
	return strcmp(edu_lands(1, OTHER_OLD, OTHER_NEW), page) == 0;
}

/* The SMMU: IHI 0070, 5.2 (STE) and 6.3 (registers). */

static void ste_write(uint32_t sid, uint64_t word0, uint64_t vmid, uint64_t s2)
{
	uint64_t ste = STREAM_TABLE + sid * 64ULL;

	put64(ste + 8, 0);
	put64(ste + 16, vmid | 1ULL << 58 | 1ULL << 53 | 1ULL << 51 | 4ULL << 48 | 1ULL << 38 |
	      25ULL << 32);
	put64(ste + 24, s2);
	put64(ste, word0);
}

static void cr0_write(uint32_t value)
{
	inval_port_mmio_write32(SMMU, INVAL_REG_CR0, value);
	while (inval_port_mmio_read32(SMMU, INVAL_REG_CR0ACK) != value)
		continue;
}

static void smmu_start(void)
{
	struct inval_queue_config cfg;
	struct inval_idregs regs;

	memset(&regs, 0, sizeof(regs));
	regs.idr0 = inval_port_mmio_read32(SMMU, 0x00);
	regs.idr1 = inval_port_mmio_read32(SMMU, 0x04);
	regs.idr3 = inval_port_mmio_read32(SMMU, 0x0c);
	regs.idr5 = inval_port_mmio_read32(SMMU, 0x14);
	regs.aidr = inval_port_mmio_read32(SMMU, 0x1c);
	if (inval_caps_read(&smmu.caps, &regs) != 0)
		qtest_die("no SMMUv3");
	memset(&cfg, 0, sizeof(cfg));
	cfg.base = SMMU;
	cfg.mem = word(CMDQ);
	cfg.book = book;
	cfg.size_lg2 = QUEUE_LG2;
	cfg.timeout_us = 1000000;
	cfg.coherent = true;
	inval_port_mmio_write32(SMMU, 0x28, 0);
	inval_port_mmio_write32(SMMU, 0x2c, 2);
	inval_port_mmio_write64(SMMU, 0x80, STREAM_TABLE);
	inval_port_mmio_write32(SMMU, 0x88, 8);
	inval_port_mmio_write64(SMMU, INVAL_REG_CMDQ_BASE, inval_queue_base(CMDQ, QUEUE_LG2));
	inval_port_mmio_write32(SMMU, INVAL_REG_CMDQ_PROD, 0);
	inval_port_mmio_write32(SMMU, INVAL_REG_CMDQ_CONS, 0);
	if (inval_queue_init(&queue, &cfg) != 0)
		qtest_die("no queue");
	smmu.queue = &queue;
	put64(STREAM_TABLE + SID * 64ULL, 1);	/* abort, until the guest says CFGI_STE */
	ste_write(OTHER_SID, 1ULL | 6ULL << 1, OTHER_VMID, OTHER_S2);
	cr0_write(INVAL_CR0_CMDQEN | INVAL_CR0_SMMUEN);
}

/* Stage 2: 2 MB for the guest, one page for the neighbour. DDI 0487, chapter D8. */
static void stage2_write(void)
{
	const uint64_t attr = (1ULL << 10) | (3ULL << 8) | (3ULL << 6) | (0xfULL << 2);

	put64(GUEST_S2 + 8 * (IPA >> 30), (GUEST_S2 + 0x1000) | 3);
	put64(GUEST_S2 + 0x1000, GUEST | attr | 1);
	put64(OTHER_S2, (OTHER_S2 + 0x1000) | 3);
	put64(OTHER_S2 + 0x1000, (OTHER_S2 + 0x2000) | 3);
	put64(OTHER_S2 + 0x2000 + 8 * (IOVA >> 12), OTHER_OLD | attr | 3);
}

static void other_moves(uint64_t page)
{
	const uint64_t attr = (1ULL << 10) | (3ULL << 8) | (3ULL << 6) | (0xfULL << 2);

	put64(OTHER_S2 + 0x2000 + 8 * (IOVA >> 12), page | attr | 3);
}

/* What the guest does in its own memory: stage 1 and its context descriptor. */

static void guest_maps(uint64_t page)
{
	const uint64_t attr = (1ULL << 11) | (1ULL << 10) | (3ULL << 8) | (1ULL << 6);

	put64(GUEST + G_TABLES + 0x2000 + 8 * (IOVA >> 12), (IPA + page) | attr | 3);
}

static void guest_tables(void)
{
	put64(GUEST + G_CD + 8, IPA + G_TABLES);
	put64(GUEST + G_CD + 24, 0xff);
	put64(GUEST + G_CD, (uint64_t)ASID << 48 | 1ULL << 47 | 1ULL << 46 | 1ULL << 45 | 1ULL << 41 |
	      4ULL << 32 | 1ULL << 31 | 1ULL << 30 | 25);
	put64(GUEST + G_TABLES, (IPA + G_TABLES + 0x1000) | 3);
	put64(GUEST + G_TABLES + 0x1000, (IPA + G_TABLES + 0x2000) | 3);
	guest_maps(G_OLD);
}

/* What guestq.h asks of the VMM. */

static void show(const char *who, struct inval_cmd cmd)
{
	char text[256];

	(void)inval_text_cmd(text, sizeof(text), cmd);
	printf("   %s%s\n", who, text);
}

static int fetch(void *ctx, uint64_t ipa, uint64_t *mem)
{
	(void)ctx;
	if (ipa < IPA || ipa - IPA > GUEST_BYTES - 16U)
		return -INVAL_EFAULT;
	memcpy(mem, word(GUEST + (ipa - IPA)), 16);
	show("guest:  ", inval_cmd_load(mem));
	return 0;
}

static int emulate(void *ctx, struct inval_cmd in, const struct inval_guest_result *res)
{
	(void)ctx;
	switch (in.d0 & 0xffU) {
	case INVAL_OP_SYNC:
		syncs++;
		printf("   vmm:    the guest's SYNC is complete\n");
		return 0;
	case INVAL_OP_CFGI_STE:
		printf("   vmm:    writes the stream table entry of StreamID %u\n",
		       (unsigned int)res->stream.sid);
		ste_writes++;
		ste_write(res->stream.sid, 1ULL | 7ULL << 1 | (IPA + G_CD), VMID, GUEST_S2);
		return INVAL_GUESTQ_ISSUE;
	default:
		return 0;
	}
}

static int issue(struct inval_smmu *s, const struct inval_cmd *cmds, uint32_t num, bool sync,
		 struct inval_ticket *ticket)
{
	uint32_t i;

	for (i = 0; i < num; i++)
		show("smmu:   ", cmds[i]);
	return inval_flush_issue(s, cmds, num, sync, ticket);
}

/* The guest writes a register; its queue is worked on at once, as in a trap. */
static void guest_write(uint32_t offset, uint64_t value, uint32_t bytes)
{
	struct inval_guestq_report report;
	int err = inval_guestq_write(&gq, offset, value, bytes);

	while (err == INVAL_GUESTQ_MORE)
		err = inval_guestq_run(&gq, 4, &report, fetch, inval_guest_map_find, emulate, issue,
				       inval_flush_wait_queue);
	if (err != 0)
		qtest_die(inval_text_code(err));
}

static uint32_t guest_read(uint32_t offset)
{
	uint64_t value = 0;

	(void)inval_guestq_read(&gq, offset, 4, &value);
	return (uint32_t)value;
}

static void guest_puts(uint64_t d0, uint64_t d1)
{
	uint32_t prod = guest_read(INVAL_REG_CMDQ_PROD);
	uint64_t slot = GUEST + G_QUEUE + 16ULL * (prod & 15U);

	put64(slot, d0);
	put64(slot + 8, d1);
	guest_write(INVAL_REG_CMDQ_PROD, (prod + 1U) & 31U, 4);
}

static bool guest_error(uint32_t *err)
{
	*err = guest_read(INVAL_REG_CMDQ_CONS) >> 24;
	return ((guest_read(INVAL_REG_GERROR) ^ guest_read(INVAL_REG_GERRORN)) & 1U) != 0U;
}

/* A command that is refused: the guest's queue stops there, ours does not notice. */
static void guest_is_refused(const char *what, uint64_t d0, uint64_t d1)
{
	uint32_t cons = guest_read(INVAL_REG_CMDQ_CONS) & 31U, tail = (uint32_t)queue.tail, err;
	struct inval_guest_result out;
	struct inval_cmd cmd = { d0, d1 };

	printf("\n%s\n", what);
	guest_puts(d0, d1);
	(void)inval_guest_vet(&guest, cmd, inval_guest_map_find, &map, &out);
	printf("   illegal: %s\n", inval_text_reason(out.reason));
	check(guest_error(&err) && err == INVAL_CERROR_ILL, "the guest has CERROR_ILL");
	check((guest_read(INVAL_REG_CMDQ_CONS) & 31U) == cons, "at that command");
	check((uint32_t)queue.tail == tail, "the SMMU was given nothing");
	check(inval_port_mmio_read32(SMMU, INVAL_REG_GERROR) == 0U, "and has no error");
	put64(GUEST + G_QUEUE + 16ULL * (cons & 15U), INVAL_OP_SYNC);
	put64(GUEST + G_QUEUE + 16ULL * (cons & 15U) + 8, 0);
	guest_write(INVAL_REG_GERRORN, guest_read(INVAL_REG_GERROR), 4);
	check(!guest_error(&err) && (guest_read(INVAL_REG_CMDQ_CONS) & 31U) == ((cons + 1U) & 31U),
	      "the guest put a SYNC there, acknowledged, and goes on");
}

static void vmm_start(void)
{
	struct inval_guestq_config cfg;
	struct inval_guest_policy policy;
	struct inval_caps shown = smmu.caps;

	shown.feat &= INVAL_GUEST_FEATS;
	shown.cmdq_lg2 = 8;
	inval_guest_policy_stage1(&policy);
	memset(&cfg, 0, sizeof(cfg));
	cfg.guest = &guest;
	cfg.streams = &map;
	cfg.smmu = &smmu;
	cfg.batch = batch;
	cfg.at = at;
	cfg.batch_num = 16;
	if (inval_guest_map_check(&map, &smmu.caps) != 0 ||
	    inval_guest_init(&guest, &smmu.caps, &shown, &policy, VMID) != 0 ||
	    inval_guestq_init(&gq, &cfg) != 0)
		qtest_die("the guest's queue");
}

static void guest_boots(void)
{
	printf("\nthe guest turns its queue on and configures its device\n");
	guest_write(INVAL_REG_CMDQ_BASE, (IPA + G_QUEUE) | 4, 8);
	guest_write(INVAL_REG_CR0, INVAL_CR0_CMDQEN | INVAL_CR0_SMMUEN, 4);
	check((guest_read(INVAL_REG_CR0ACK) & INVAL_CR0_CMDQEN) != 0U, "it is on");
	guest_puts(INVAL_OP_CFGI_STE | (uint64_t)VSID << 32, 1);
	guest_puts(INVAL_OP_TLBI_NSNH_ALL, 0);
	guest_puts(INVAL_OP_SYNC, 0);
	check(ste_writes == 1U && syncs == 1U, "one entry written, one SYNC");
	check(guest_device_sees("old"), "the device works");
	check(other_device_sees("old"), "so does the neighbour's");
}

static void guest_moves_a_page(void)
{
	printf("\nthe guest moves a page and says nothing\n");
	guest_maps(G_NEW);
	other_moves(OTHER_NEW);
	check(guest_device_sees("old"), "the device still has the old translation");
	check(other_device_sees("old"), "the neighbour's page was moved, too: still old");
	printf("\nnow it does, with a VMID that it made up\n");
	guest_puts(INVAL_OP_TLBI_NH_VA | (uint64_t)OTHER_VMID << 32 | (uint64_t)ASID << 48, IOVA | 1);
	guest_puts(INVAL_OP_SYNC, 0);
	check(guest_device_sees("new"), "the device has the new one");
	check(other_device_sees("old"), "the neighbour's TLB entry was left alone");
	printf("\neverything, as the guest sees it\n");
	guest_maps(G_OLD);
	guest_puts(INVAL_OP_TLBI_NSNH_ALL, 0);
	guest_puts(INVAL_OP_SYNC, 0);
	check(guest_device_sees("old"), "the device has the new one, which is the old page");
	check(other_device_sees("old"), "the neighbour's TLB entry was left alone");
	printf("\na range of 4 pages, with range invalidation\n");
	guest_maps(G_NEW);
	guest_puts(INVAL_OP_TLBI_NH_VA | (uint64_t)ASID << 48 | 3ULL << 12, 1ULL << 10);
	guest_puts(INVAL_OP_SYNC, 0);
	check(guest_device_sees("new"), "the device has the new page");
}

static void guest_configures(void)
{
	uint32_t before = ste_writes, tail;

	printf("\nCFGI_ALL: the guest's own streams, one by one\n");
	guest_puts(INVAL_OP_CFGI_STE_RANGE, 31);
	check(ste_writes == before + 1U, "one entry written");
	check(guest_device_sees("new"), "the device works");
	printf("\na StreamID without a device behind it\n");
	tail = (uint32_t)queue.tail;
	guest_puts(INVAL_OP_CFGI_CD | (uint64_t)OTHER_SID << 32, 1);
	check((uint32_t)queue.tail == tail, "complete, and the SMMU was given nothing");
}

static void guest_wants_an_msi(void)
{
	uint32_t before = syncs;

	printf("\na SYNC that would write memory\n");
	put64(BYSTANDER, 0x600d600d);
	guest_puts(INVAL_OP_SYNC | 1ULL << 12 | 0xbadULL << 32, BYSTANDER);
	check(syncs == before + 1U, "the VMM signals it, where the guest has its interrupts");
	check(*word(BYSTANDER) == inval_le64(0x600d600d), "memory is as it was");
}

int main(int argc, char **argv)
{
	int fd;

	if (argc < 3) {
		fprintf(stderr, "usage: vmm RAM-FILE QEMU ARGUMENT...\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		qtest_die("no file for the memory");
	ram = (unsigned char *)mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ram == MAP_FAILED)
		qtest_die("no memory");
	qtest_start(argv + 2);
	stage2_write();
	guest_tables();
	edu_start(0, SID);
	edu_start(1, OTHER_SID);
	smmu_start();
	vmm_start();
	guest_boots();
	guest_moves_a_page();
	guest_configures();
	guest_wants_an_msi();
	guest_is_refused("all of another VM's stage 2", INVAL_OP_TLBI_S12_VMALL |
			 (uint64_t)OTHER_VMID << 32, 0);
	guest_is_refused("EL2, which the guest was not shown", INVAL_OP_TLBI_EL2_ALL, 0);
	guest_is_refused("an opcode that nobody knows", 0x7f, 0);
	guest_is_refused("the reserved form of a range", INVAL_OP_TLBI_NH_VA, 1ULL << 10);
	check(other_device_sees("old"), "to the end the neighbour's TLB entry was left alone");
	qtest_stop();
	printf("\nuser_space_vmm: %u passed, %u failed\n", (unsigned int)passed,
	       (unsigned int)failed);
	return failed != 0U;
}
