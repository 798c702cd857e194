#include "muster/master/workers/hung_watch.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/host/wait_note.h"
#include "muster/ipc/zone/inspect/zone_report.h"
#include "muster/log/printable.h"

namespace muster::master {
namespace {

// Of each kind; there may be any number of locks.
constexpr std::size_t kMostNames = 16;

struct Findings {
  ProcessMoment moment;
  std::vector<std::string> locks;  // "ZONE/NAME"
};

// The locks of the zone that the process holds, or has permits of.
void AddLocks(const worker::UserZone& zone, pid_t pid, std::vector<std::string>& locks) {
  const host::WaitNote note("looking at zone", zone.name());
  const ipc::ZoneReport report = ReportOf(zone.zone());
  std::vector<std::uint32_t> slots;
  for (const ipc::ZoneReport::Line& line : report.participants) {
    if (line.record.pid == pid) slots.push_back(line.record.tag.slot());
  }
  const auto is_ours = [&slots](ipc::OwnerTag tag) {
    return std::count(slots.begin(), slots.end(), tag.slot()) > 0;
  };
  for (const ipc::ZoneReport::Object& object : report.objects) {
    const ipc::ObjectHolders& holders = object.holders;
    if (locks.size() == kMostNames || !object.error.empty()) continue;
    if (std::any_of(holders.owners.begin(), holders.owners.end(), is_ours) ||
        std::any_of(holders.readers.begin(), holders.readers.end(), is_ours)) {
      locks.push_back(absl::StrCat(zone.name(), "/", log::Printable(object.view.name)));
    }
  }
}

Findings Find(const HungWatch::Subject& subject) {
  Findings findings;
  {
    const host::WaitNote note("looking at process", absl::StrCat(subject.pid));
    findings.moment = MomentOf(subject.pid);
  }
  for (const auto& zone : subject.zones) AddLocks(*zone, subject.pid, findings.locks);
  return findings;
}

// "; it holds a, b": what others may wait for.
void Append(std::string* text, const char* before, const std::vector<std::string>& names) {
  if (names.empty()) return;
  const auto end = names.begin() + std::min(names.size(), kMostNames);
  absl::StrAppend(text, before, absl::StrJoin(names.begin(), end, ", "));
}

}  // namespace

HungWatch::HungWatch(Surroundings surroundings)
    : surroundings_(std::move(surroundings)), timer_(surroundings_.loop, [this] { Inspect(); }) {}

void HungWatch::OnSilent(std::uint32_t slot) {
  const std::optional<Subject> subject = surroundings_.look(slot);
  if (!subject.has_value()) return;
  asked_[slot] = {subject->pid, subject->stacks};
  // One that is stopped would answer when it goes on, and a program without an answer might end.
  if (subject->stacks > 0 && !subject->is_stopped) surroundings_.ask_for_stack(slot);
  if (!timer_.is_armed()) timer_.SetAfter(kForStack);
}

void HungWatch::Inspect() {
  for (const auto& [slot, asked] : std::exchange(asked_, {})) {
    const std::optional<Subject> found = surroundings_.look(slot);
    if (!found.has_value() || found->pid != asked.pid) continue;
    const Subject& subject = *found;
    const bool has_stack = asked.stacks > 0 && subject.stacks > asked.stacks;
    if (inquiries_ == nullptr) {
      Conclude(slot, subject, has_stack, {.state = '?'}, {});
      continue;
    }
    inspected_[slot] = asked;
    inquiries_->Ask<Findings>(
        [subject](int) -> absl::StatusOr<Findings> { return Find(subject); },
        [this, slot = slot, subject, has_stack](absl::StatusOr<Findings> answer) {
          inspected_.erase(slot);
          const std::optional<Subject> now = surroundings_.look(slot);
          if (!now.has_value() || now->pid != subject.pid) return;
          Findings findings = answer.ok() ? *std::move(answer) : Findings{{.state = '?'}, {}};
          Conclude(slot, subject, has_stack, findings.moment, std::move(findings.locks));
        });
  }
}

void HungWatch::Conclude(std::uint32_t slot, const Subject& subject, bool has_stack,
                         const ProcessMoment& moment, std::vector<std::string> locks) {
  if (subject.has_accept_mutex) locks.insert(locks.begin(), "accept_mutex");
  admin::v1::Hang hang;
  hang.set_process(moment.ToString());
  hang.set_has_stack(has_stack);
  for (const std::string& lock : locks) hang.add_locks(lock);
  std::vector<std::string> zones;
  for (const auto& zone : subject.zones) zones.push_back(zone->name());
  for (const std::string& zone : zones) hang.add_zones(zone);
  for (const std::string& listener : subject.listeners) {
    hang.add_listeners(log::Printable(listener));
  }
  std::string found;
  if (!subject.at_hand.empty()) absl::StrAppend(&found, " while ", subject.at_hand);
  absl::StrAppend(&found, "; its process ", hang.process());
  if (has_stack) absl::StrAppend(&found, "; its stack is in its log");
  Append(&found, "; it holds ", locks);
  Append(&found, "; it uses the zones ", zones);
  Append(&found, "; it listens on ", subject.listeners);
  const bool is_stopped = subject.is_stopped || moment.state == 'T' || moment.state == 't';
  surroundings_.tell({.slot = slot,
                      .pid = subject.pid,
                      .silent = subject.silent,
                      .is_stopped = is_stopped,
                      .findings = log::Printable(found)},
                     hang);
}

state::v1::HungWatchState HungWatch::Save() const {
  state::v1::HungWatchState state;
  for (const auto& workers : {asked_, inspected_}) {
    for (const auto& [slot, asked] : workers) {
      state::v1::AskedWorker& worker = *state.add_asked();
      worker.set_slot(slot);
      worker.set_pid(asked.pid);
      worker.set_stacks(asked.stacks);
    }
  }
  return state;
}

void HungWatch::Restore(const state::v1::HungWatchState& state) {
  for (const state::v1::AskedWorker& worker : state.asked()) {
    asked_[worker.slot()] = {worker.pid(), worker.stacks()};
  }
}

void HungWatch::Begin() {
  if (!asked_.empty()) timer_.SetAfter(kForStack);
}

}  // namespace muster::master
