#include "muster/master/admin/report/zone_view.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "muster/ipc/lock/owner_tag.h"
#include "muster/ipc/zone/object_kind.h"
#include "muster/log/printable.h"

namespace muster::master {
namespace {

using google::protobuf::RepeatedPtrField;
using ipc::ObjectKind;
using ipc::ZoneReport;

bool IsLock(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kMutex:
    case ObjectKind::kRwLock:
    case ObjectKind::kSemaphore:
    case ObjectKind::kOnce:
    case ObjectKind::kSpinlock:
    case ObjectKind::kEvent:
    case ObjectKind::kEventFd:
      return true;
    default:
      return false;
  }
}

// By slot.
std::map<std::uint32_t, pid_t> PidsIn(const ZoneReport& report) {
  std::map<std::uint32_t, pid_t> pids;
  for (const ZoneReport::Line& line : report.participants) {
    pids[line.record.tag.slot()] = line.record.pid;
  }
  return pids;
}

void AddHolders(const std::vector<ipc::OwnerTag>& tags, const std::map<std::uint32_t, pid_t>& pids,
                const LockWorkers& workers, RepeatedPtrField<admin::v1::LockHolder>* holders) {
  for (const ipc::OwnerTag tag : tags) {
    if (holders->size() == LockList::kMostHolders) return;
    admin::v1::LockHolder* const holder = holders->Add();
    holder->set_slot(tag.slot());
    const auto pid = pids.find(tag.slot());
    if (pid == pids.end()) continue;
    holder->set_pid(pid->second);
    if (const auto worker = workers.find(pid->second); worker != workers.end()) {
      *holder->mutable_worker() = worker->second;
    }
  }
}

bool IsInUse(const admin::v1::Lock& lock) {
  return lock.owners_size() > 0 || lock.readers_size() > 0 || lock.has_waiters() ||
         lock.owner_died() || lock.is_not_recoverable();
}

bool IsContended(const admin::v1::Lock& lock) {
  return lock.waits() > 0 || lock.recoveries() > 0 || IsInUse(lock);
}

}  // namespace

admin::v1::Zone ViewOfZone(const ZoneReport& report) {
  admin::v1::Zone view;
  view.set_max_objects(report.max_objects);
  view.set_objects(static_cast<std::uint32_t>(report.objects.size()));
  std::map<std::string, std::uint32_t> kinds;
  std::uint64_t bytes = 0;
  std::uint32_t damaged = 0;
  for (const ZoneReport::Object& object : report.objects) {
    if (!object.error.empty()) {
      ++damaged;
      continue;
    }
    bytes += object.view.bytes;
    ++kinds[ToString(object.view.kind)];
  }
  view.set_object_bytes(bytes);
  view.set_damaged(damaged);
  for (const auto& [kind, objects] : kinds) {
    admin::v1::ZoneKind* const count = view.add_kinds();
    count->set_kind(kind);
    count->set_objects(objects);
  }
  const auto alive = static_cast<std::uint32_t>(
      std::count_if(report.participants.begin(), report.participants.end(),
                    [](const ZoneReport::Line& line) { return line.is_alive; }));
  view.set_participants(alive);
  view.set_dead(static_cast<std::uint32_t>(report.participants.size()) - alive);
  return view;
}

void SetLockState(const ipc::ObjectHolders& holders, admin::v1::Lock* lock) {
  lock->set_has_waiters(holders.has_waiters);
  lock->set_owner_died(holders.owner_died);
  lock->set_is_not_recoverable(holders.is_poisoned);
  if (!holders.totals.has_value()) return;
  lock->set_waits(holders.totals->waits);
  lock->set_recoveries(holders.totals->recoveries);
}

void LockList::Add(const std::string& zone, const ZoneReport& report) {
  const std::map<std::uint32_t, pid_t> pids = PidsIn(report);
  for (const ZoneReport::Object& object : report.objects) {
    if (!object.error.empty() || !IsLock(object.view.kind)) continue;
    admin::v1::Lock lock;
    lock.set_zone(zone);
    lock.set_name(log::Printable(object.view.name));
    lock.set_kind(ToString(object.view.kind));
    AddHolders(object.holders.owners, pids, workers_, lock.mutable_owners());
    AddHolders(object.holders.readers, pids, workers_, lock.mutable_readers());
    SetLockState(object.holders, &lock);
    Add(std::move(lock));
  }
}

void LockList::Add(admin::v1::Lock lock) {
  if (request_.in_use() && !IsInUse(lock)) return;
  if (request_.contended() && !IsContended(lock)) return;
  if (response_.locks_size() < kMostLocks) {
    *response_.add_locks() = std::move(lock);
  } else {
    response_.set_left_out(response_.left_out() + 1);
  }
}

}  // namespace muster::master
