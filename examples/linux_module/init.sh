#!/busybox sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The only process of run.sh's kernel: loads the module, lets its torture end, unloads it,
# loads it again, and unloads it in the middle of that.
/busybox mkdir /bin
/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
figures=/sys/kernel/debug/inval/figures

# Waits for readers that end soon: more changes while flushes are on their way.
echo 1 >/sys/kernel/rcu_expedited
insmod /inval_module.ko seconds=@SECONDS@
while grep -qs '^state running' $figures; do
	sleep 1
done
sed 's/^/figures: /' $figures
rmmod inval_module

echo 0 >/sys/kernel/rcu_expedited
insmod /inval_module.ko seconds=1000
sleep 1
sed -n 's/^state/init: again/p' $figures
rmmod inval_module

echo "init: $(wc -l </proc/modules) modules, tainted $(cat /proc/sys/kernel/tainted 2>/dev/null)"
[ -e $figures ] && echo "init: debugfs still has the figures"
sed -n 's/^ *debug_locks: */init: debug_locks /p' /proc/lockdep_stats 2>/dev/null
echo "init: end"
poweroff -f
