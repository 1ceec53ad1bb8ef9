/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One provider, fixed when this is built, and the steps of a plan: no indirect call in
 * the object code. With -DREGISTRY the same by a registry, which has one: the check can
 * fail. See tests/suites/cross.sh.
 */
#include <inval/memregion.h>

int flush(struct inval_memregion *registry, struct inval_firmware *fw,
	  const struct inval_region *r)
{
#ifdef REGISTRY
	(void)fw;
	return inval_memregion_flush(registry, r);
#else
	(void)registry;
	return inval_provider_flush(&fw->p, r, inval_firmware_start, NULL);
#endif
}

static int others(void *arg, enum inval_step step)
{
	*(volatile enum inval_step *)arg = step;
	return 0;
}

int change(const struct inval_attr_change *c, const struct inval_cache_where *where,
	   enum inval_step *step)
{
	struct inval_plan plan;
	int err = inval_attr_plan(&plan, c);

	return err != 0 ? err : inval_cache_run(&plan, where, others, step);
}
