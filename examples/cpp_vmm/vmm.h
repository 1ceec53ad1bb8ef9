/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vmm.h - the library's objects with owners, as C++ likes them, and an SMMU that is a
 * thread. The library itself has none of this: errors become exceptions here, memory is
 * given back here, and what is left in the middle is taken back here.
 */
#ifndef VMM_H
#define VMM_H

#define INVAL_NAMESPACE inval
#define INVAL_WITH_DOMAIN
#define INVAL_WITH_GUESTQ
#include <inval.h>

#include <atomic>
#include <functional>
#include <map>
#include <system_error>
#include <tuple>

namespace vmm {

using namespace inval;

constexpr uint32_t pages = 16;
constexpr uint32_t streams = 4;

/* The codes are Linux's, so generic_category() has their text. */
inline void must(int err, const char *what)
{
	if (err != 0)
		throw std::system_error(-err, std::generic_category(), what);
}

/* A page table that says of each page only which version of it is mapped. */
class Table {
public:
	uint64_t at(uint32_t page) const { return words[page].load(std::memory_order_acquire); }
	uint64_t change(uint32_t page) { return words[page].fetch_add(1) + 1; }

private:
	std::atomic<uint64_t> words[pages] = {};
};

/* What a DMA went through: 0 is no domain, the DMA is aborted. */
struct Landed {
	uint32_t domain = 0;
	uint64_t stage2 = 0, stage1 = 0;
};

/* A stream table entry: stage 2 of a domain, and above it a guest's stage 1, if any. */
struct Ste {
	uint32_t domain;
	uint16_t vmid, asid;
	const Table *stage2, *stage1;
};

/*
 * A command queue, a TLB, a cache of stream table entries, and devices with a cache of
 * their own. The queue is consumed by a thread, one command at a time.
 */
class Smmu {
public:
	Smmu()
	{
		const inval_idregs id = { 0, 0x40413, 0x800010, 0, 0x15, 0, 0, 0, 0, 0, 0,
					   false, false };
		inval_queue_config cfg;

		must(inval_caps_read(&lib.caps, &id), "capabilities");
		inval_policy_init(&lib.policy);
		lib.policy.max_cmds = 6;
		inval_queue_config_init(&cfg, &lib.caps, &lib.policy, INVAL_SEC_NS);
		cfg.base = regs;
		cfg.mem = slots;
		cfg.book = book;
		cfg.size_lg2 = lg2;
		lib.queue = &queue;
		must(inval_queue_init(&queue, &cfg), "queue");
		consumer = std::thread(&Smmu::consume, this);
	}

	~Smmu()
	{
		off = true;
		consumer.join();
	}

	Smmu(const Smmu &) = delete;

	inval_smmu *operator()() { return &lib; }

	void run(const inval_cmd &cmd) { must(inval_queue_run(&queue, &cmd, 1), "command"); }

	/* The embedder's part of an attach: the entry, CFGI_STE, SYNC. */
	void write_ste(uint32_t sid, const Ste *to)
	{
		inval_cmd cfgi;

		ste[sid].store(to, std::memory_order_release);
		must(inval_cmd_cfgi_ste(&cfgi, false, sid, true), "CFGI_STE");
		run(cfgi);
	}

	/* Of the device: ATS on or off; in reset it does nothing and answers nothing. */
	void ats(uint32_t sid, bool on)
	{
		std::lock_guard<std::mutex> hold(lock);
		ats_on[sid] = on;
	}

	void reset(uint32_t sid, bool begin)
	{
		std::lock_guard<std::mutex> hold(lock);
		in_reset[sid] = begin;
		for (uint32_t page = 0; page < pages; page++)
			atc.erase({ sid, page });
	}

	/* A device's DMA to a page. */
	Landed dma(uint32_t sid, uint32_t page)
	{
		std::lock_guard<std::mutex> hold(lock);
		if (in_reset[sid])
			return {};
		if (!ats_on[sid])
			return translate(sid, page);
		auto hit = atc.find({ sid, page });
		if (hit == atc.end())
			hit = atc.insert({ { sid, page }, translate(sid, page) }).first;
		return hit->second;
	}

	std::atomic<uint64_t> commands{ 0 }, unknown{ 0 }, to_reset{ 0 };

private:
	static constexpr uint32_t lg2 = 5;
	using Tag = std::tuple<uint16_t, bool, uint16_t, uint32_t>; /* VMID, stage 1, ASID, page */

	Landed translate(uint32_t sid, uint32_t page)
	{
		if (!cached[sid])
			cache[sid] = ste[sid].load(std::memory_order_acquire);
		cached[sid] = true;
		const Ste *s = cache[sid];
		if (!s)
			return {};
		const Tag tag{ s->vmid, s->stage1 != nullptr, s->asid, page };
		auto hit = tlb.find(tag);
		if (hit == tlb.end()) {
			const Landed now{ s->domain, s->stage2->at(page),
					  s->stage1 ? s->stage1->at(page) : 0 };
			hit = tlb.insert({ tag, now }).first;
		}
		return hit->second;
	}

	template <class Map, class Match> static void drop(Map &map, Match match)
	{
		for (auto it = map.begin(); it != map.end();)
			it = match(it->first) ? map.erase(it) : std::next(it);
	}

	/* IHI 0070, chapter 4. There is no range invalidation on this SMMU. */
	void execute(const inval_cmd &cmd)
	{
		const auto id = static_cast<uint32_t>(cmd.d0 >> 32);
		const auto v = static_cast<uint16_t>(id), a = static_cast<uint16_t>(id >> 16);
		const auto p = static_cast<uint32_t>(cmd.d1 >> 12);

		switch (cmd.d0 & 0xff) {
		case INVAL_OP_SYNC:
			return;
		case INVAL_OP_CFGI_STE:
			cached[id % streams] = false;
			return;
		case INVAL_OP_TLBI_NH_ALL:
			return drop(tlb, [=](const Tag &t) { return std::get<0>(t) == v && std::get<1>(t); });
		case INVAL_OP_TLBI_NH_VA:
			return drop(tlb, [=](const Tag &t) { return t == Tag{ v, true, a, p }; });
		case INVAL_OP_TLBI_S2_IPA:
			return drop(tlb, [=](const Tag &t) { return t == Tag{ v, false, 0, p }; });
		case INVAL_OP_TLBI_S12_VMALL:
			return drop(tlb, [=](const Tag &t) { return std::get<0>(t) == v; });
		case INVAL_OP_ATC_INV:
			return atc_inv(id, p, cmd.d1 & 0x3f);
		default:
			unknown++;
		}
	}

	void atc_inv(uint32_t sid, uint32_t first, uint64_t size)
	{
		const uint64_t end = first + (1ULL << size);

		if (in_reset[sid % streams])
			to_reset++;
		drop(atc, [=](const std::pair<uint32_t, uint32_t> &at) {
			return at.first == sid && at.second >= first && at.second < end;
		});
	}

	void consume()
	{
		uint32_t pos = 0;

		for (; !off; pos = (pos + 1) % (2U << lg2), commands++) {
			inval_port_mmio_write32(regs, INVAL_REG_CMDQ_CONS, pos);
			while (!off && inval_port_mmio_read32(regs, INVAL_REG_CMDQ_PROD) == pos)
				std::this_thread::yield();
			std::lock_guard<std::mutex> hold(lock);
			if (!off)
				execute(inval_cmd_load(&slots[2 * (pos % (1U << lg2))]));
		}
	}

	uint32_t regs[64] = {};
	alignas(16U << lg2) uint64_t slots[2U << lg2] = {};
	uint64_t book[2U << lg2] = {};
	inval_queue queue = {};
	inval_smmu lib = {};
	std::mutex lock; /* of all below */
	std::map<Tag, Landed> tlb;
	std::map<std::pair<uint32_t, uint32_t>, Landed> atc;
	std::atomic<const Ste *> ste[streams] = {};
	const Ste *cache[streams] = {};
	bool cached[streams] = {}, ats_on[streams] = {}, in_reset[streams] = {};
	std::atomic<bool> off{ false };
	std::thread consumer;
};

/* What one flush works with: one for each thread. */
class Flush {
public:
	explicit Flush(Smmu &s)
		: smmus{ s() }, f{ smmus, 1, batch, 8, waits, 1, errors, 4, 0, false }
	{
	}

	Flush(const Flush &) = delete;

	inval_flush *operator()() { return &f; }

private:
	inval_smmu *smmus[1];
	inval_cmd batch[8];
	inval_flush_wait waits[1];
	inval_flush_error errors[4];
	inval_flush f;
};

/* VMIDs, each with an owner. */
class Vmids {
public:
	Vmids() { must(inval_tags_init(&tags, words, 256, 1), "VMIDs"); }

	uint16_t take()
	{
		std::lock_guard<std::mutex> hold(lock);
		uint32_t tag = 0;

		must(inval_tags_alloc(&tags, &tag), "a VMID");
		return static_cast<uint16_t>(tag);
	}

	void give(uint16_t vmid, bool stale)
	{
		std::lock_guard<std::mutex> hold(lock);
		must(inval_tags_free(&tags, vmid, stale), "a VMID's end");
	}

private:
	std::mutex lock;
	uint64_t words[256 / 32];
	inval_tags tags;
};

class Domain {
public:
	Domain(Vmids &from, uint32_t n, bool nested = false)
		: number(n), vmids(from), vmid(vmids.take()), ste{ n, vmid, 0, &table, nullptr },
		  use{ nested ? INVAL_REGIME_S2_PARENT : INVAL_REGIME_S2, false,
		       INVAL_EATS_OFF, false, 0, vmid, 0 }
	{
		inval_domain_init(&lib);
	}

	/* A device that still uses it is a bug of the VMM's: better no VMM. */
	~Domain() noexcept
	{
		must(inval_domain_fini(&lib), "a domain's end");
		vmids.give(vmid, stale);
	}

	Domain(const Domain &) = delete;

	void flush(Flush &f, uint64_t page, uint64_t num)
	{
		const inval_range_req req = { page << 12, num << 12, 12, 12, true, false };

		must(inval_domain_flush(&lib, &req, f()), "flush");
	}

	const uint32_t number;

private:
	Vmids &vmids;
	const uint16_t vmid;

public:
	Table table;
	const Ste ste;
	const inval_use use;
	inval_domain lib;
	std::mutex attach; /* the attach mutex */
	bool stale = false;
	std::atomic<uint64_t> promised[pages] = {}; /* versions that a flush has made true */
};

/*
 * A device's change of domain, under the attach mutexes of both. One that does not come
 * to commit() is taken back: before publish() nothing had changed, after it @restore puts
 * the old entry back.
 */
class Attach {
public:
	Attach(const inval_device &dev, Domain *to, const inval_use *to_use, Domain *old,
	       const inval_use *old_use, Flush &flush, std::function<void()> back)
		: first(lock_of(std::min(to, old, std::less<Domain *>()))),
		  second(lock_of(to != old ? std::max(to, old, std::less<Domain *>()) : nullptr)),
		  from(old), into(to), f(flush), restore(std::move(back))
	{
		must(inval_attach_init(&lib, &dev, lib_of(to), to_use, lib_of(old), old_use, add, del),
		     "attach");
		const uint64_t bytes = inval_attach_bytes(&lib);
		void *mem = bytes != 0 ? std::malloc(bytes) : nullptr;
		const int err = inval_attach_prepare(&lib, mem, bytes);

		if (err != 0)
			std::free(mem);
		must(err, "prepare");
	}

	~Attach() noexcept
	{
		void *mem = nullptr;

		if (done)
			return;
		if (published)
			restore();
		must(inval_attach_abort(&lib, &mem, f()), "abort");
		std::free(mem);
	}

	Attach(const Attach &) = delete;

	void publish()
	{
		must(inval_attach_publish(&lib), "publish");
		published = true;
	}

	/* The device has left, whatever the flush of the old VMID says. */
	void commit()
	{
		const int err = inval_attach_commit(&lib, f());

		done = true;
		if (from && lib.stale_tags)
			from->stale = true;
		if (into)
			inval_domain_sync(&into->lib); /* frees the array before */
		must(err, "commit");
	}

private:
	static std::unique_lock<std::mutex> lock_of(Domain *d)
	{
		return d ? std::unique_lock<std::mutex>(d->attach) : std::unique_lock<std::mutex>();
	}

	static inval_domain *lib_of(Domain *d) { return d ? &d->lib : nullptr; }

	std::unique_lock<std::mutex> first, second;
	Domain *from, *into;
	Flush &f;
	std::function<void()> restore;
	inval_attach lib = {};
	inval_entry add[3], del[3];
	bool published = false, done = false;
};

/* A device: where it is, and how it goes elsewhere. */
class Device {
public:
	Device(Smmu &s, uint32_t id, bool has_ats) : sid(id), ats(has_ats), smmu(s) {}

	~Device() noexcept
	{
		Flush f(smmu);

		move(nullptr, f);
	}

	Device(const Device &) = delete;

	/* To another domain, or to none; @fail: as if the last step had failed. */
	void move(Domain *to, Flush &f, bool fail = false)
	{
		const inval_device dev = { 0, &sid, 1, 12 };
		const inval_use *old = domain ? &use : nullptr;
		inval_use next = to ? to->use : inval_use();
		Domain *const from = domain;

		next.ats = ats ? INVAL_EATS_FULL : INVAL_EATS_OFF;
		where.fetch_or(moving);
		if (from || to) {
			Attach t(dev, to, to ? &next : nullptr, from, old, f, [&] {
				switch_to(from, inval_attach_ats(old, to ? &next : nullptr), f);
			});
			t.publish();
			switch_to(to, inval_attach_ats(to ? &next : nullptr, old), f);
			if (!fail) {
				t.commit();
				domain = to;
				use = next;
			}
		}
		where = ((where >> 8) + 1) << 8 | (domain ? domain->number : 0);
	}

	static constexpr uint64_t moving = 0x80;
	const uint32_t sid;
	const bool ats;
	std::atomic<uint64_t> where{ 0 }; /* number of moves << 8, moving, domain */

private:
	/* Between publish and commit, in the order of inval/domain.h. */
	void switch_to(Domain *to, inval_ats_step step, Flush &f)
	{
		if (step == INVAL_ATS_OFF) {
			smmu.ats(sid, false);
			must(inval_flush_device(smmu(), &sid, 1, false, 0, f()), "ATS off");
		}
		smmu.write_ste(sid, to ? &to->ste : nullptr);
		if (step == INVAL_ATS_MOVED)
			must(inval_flush_device(smmu(), &sid, 1, false, 0, f()), "ATS moved");
		if (step == INVAL_ATS_ON)
			smmu.ats(sid, true);
	}

	Smmu &smmu;
	Domain *domain = nullptr;
	inval_use use = {};
};

} /* namespace vmm */

#endif /* VMM_H */
