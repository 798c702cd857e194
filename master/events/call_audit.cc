#include "muster/master/events/call_audit.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "muster/log/printable.h"
#include "muster/loop/clock.h"
#include "muster/master/events/audit_line.h"
#include "muster/master/keep/saved_time.h"
#include "muster/master/keep/state_error.h"
#include "muster/proto/duration.h"

namespace muster::master {
namespace {

std::string Told(absl::string_view text, std::size_t most_bytes) {
  std::string told = log::Printable(text);
  log::CutLine(told, most_bytes);
  return told;
}

bool IsAboutUpgrade(const admin::v1::Call& call) {
  return call.method() == "Upgrade" || call.method() == "UndoUpgrade";
}

}  // namespace

bool CallAudit::IsId(absl::string_view id) {
  return !id.empty() && id.size() <= kMostIdBytes && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '\\';
  });
}

std::string CallAudit::NewId() {
  const std::lock_guard lock(mutex_);
  return absl::StrCat(ring_.instance(), "-", ++last_id_);
}

admin::v1::Call CallAudit::CallOf(const Start& start) {
  admin::v1::Call call;
  call.set_id(start.id);
  call.set_caller(Told(start.caller, EventRing::kMostTextBytes));
  call.set_method(std::string(start.method));
  call.set_arguments(Told(start.arguments, kMostArgumentBytes));
  call.set_generation_before(start.generation);
  const absl::Time now = absl::Now();
  call.mutable_start_time()->set_seconds(absl::ToUnixSeconds(now));
  call.mutable_start_time()->set_nanos(static_cast<std::int32_t>(
      (now - absl::FromUnixSeconds(call.start_time().seconds())) / absl::Nanoseconds(1)));
  return call;
}

admin::v1::Call CallAudit::WithTime(const Open& open) {
  admin::v1::Call call = open.call;
  *call.mutable_took() = config::FromChrono(Clock::now() - open.began);
  return call;
}

absl::StatusOr<std::string> CallAudit::Begin(const Start& start) {
  const std::string id = start.id.empty() ? NewId() : start.id;
  const Key key(start.principal, id);
  const std::lock_guard lock(mutex_);
  const bool is_known =
      open_.count(key) != 0 ||
      std::any_of(done_.begin(), done_.end(), [&](const auto& done) { return done.first == key; });
  if (is_known) {
    return absl::AlreadyExistsError(
        absl::StrCat("a call with the id \"", id, "\" is known; GetCall tells what became of it"));
  }
  Open& open = open_[key];
  open = {CallOf(start), Clock::now()};
  open.call.set_id(id);
  return id;
}

void CallAudit::End(const std::string& principal, const std::string& id, absl::string_view code,
                    absl::string_view message, std::uint64_t generation) {
  admin::v1::Call call;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find({principal, id});
    if (found == open_.end()) return;
    call = WithTime(found->second);
    call.set_code(std::string(code));
    call.set_message(Told(message, EventRing::kMostTextBytes));
    call.set_generation_after(generation);
    done_.emplace_back(found->first, call);
    open_.erase(found);
    if (done_.size() > kMostDone) done_.pop_front();
  }
  Tell(call, admin::v1::Event::CALL);
}

void CallAudit::Refuse(const Start& start, absl::string_view code, absl::string_view reason) {
  admin::v1::Call call = CallOf(start);
  {
    const std::lock_guard lock(mutex_);
    const std::optional<std::uint64_t> left_out =
        refusals_.Note(start.principal, loop::Clock::now());
    if (!left_out.has_value()) return;
    call.set_left_out(*left_out);
  }
  if (start.id.empty()) call.set_id(NewId());
  call.set_code(std::string(code));
  call.set_message(Told(reason, EventRing::kMostTextBytes));
  call.set_generation_after(start.generation);
  call.mutable_took();
  Tell(call, admin::v1::Event::CALL_REFUSED);
}

void CallAudit::Tell(const admin::v1::Call& call, admin::v1::Event::Kind kind) {
  const bool is_ok = call.code() == "OK";
  log_.Audit(is_ok ? Severity::kInfo : Severity::kWarning,
             absl::StrCat("audit: ", log_.audits_as_json() ? AuditJson(call) : AuditLine(call)));
  admin::v1::Event event;
  event.set_kind(kind);
  event.set_severity(is_ok ? admin::v1::Event::INFO : admin::v1::Event::WARNING);
  event.set_generation(call.generation_after());
  event.set_text(absl::StrCat(call.method(), " by ", call.caller(), ": ", call.code(),
                              call.message().empty() ? "" : ": ", call.message()));
  *event.mutable_call() = call;
  ring_.Add(std::move(event));
}

std::optional<admin::v1::Call> CallAudit::Find(const std::string& principal,
                                               const std::string& id) const {
  const Key own(principal, id);
  const std::lock_guard lock(mutex_);
  if (const auto found = open_.find(own); found != open_.end()) return WithTime(found->second);
  std::optional<admin::v1::Call> last;
  for (const auto& [key, call] : done_) {
    if (key == own) return call;
    if (call.id() == id) last = call;
  }
  for (const auto& [key, open] : open_) {
    if (key.second == id) return WithTime(open);
  }
  return last;
}

std::vector<admin::v1::Call> CallAudit::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<admin::v1::Call> calls;
  for (const auto& [key, call] : done_) calls.push_back(call);
  std::vector<const Open*> under_way;
  for (const auto& [key, open] : open_) under_way.push_back(&open);
  std::sort(under_way.begin(), under_way.end(),
            [](const Open* a, const Open* b) { return a->began < b->began; });
  for (const Open* open : under_way) calls.push_back(WithTime(*open));
  return calls;
}

state::v1::CallAuditState CallAudit::Save() const {
  const std::lock_guard lock(mutex_);
  state::v1::CallAuditState state;
  state.set_last_id(last_id_);
  for (const auto& [key, open] : open_) {
    state::v1::AuditedCall& call = *state.add_open();
    call.set_principal(key.first);
    *call.mutable_call() = open.call;
    call.set_began(ToSavedTime(open.began));
  }
  for (const auto& [key, done] : done_) {
    state::v1::AuditedCall& call = *state.add_done();
    call.set_principal(key.first);
    *call.mutable_call() = done;
  }
  return state;
}

absl::Status CallAudit::Restore(const state::v1::CallAuditState& state) {
  std::map<Key, Open> open;
  for (const state::v1::AuditedCall& call : state.open()) {
    const auto added = open.try_emplace(Key(call.principal(), call.call().id()),
                                        Open{call.call(), FromSavedTime(call.began())});
    if (call.call().id().empty() || !added.second) {
      return StateError("calls.open",
                        absl::StrCat("has the id \"", log::Printable(call.call().id()),
                                     "\", which is empty or not the only one"));
    }
  }
  std::deque<std::pair<Key, admin::v1::Call>> done;
  for (const state::v1::AuditedCall& call : state.done()) {
    done.emplace_back(Key(call.principal(), call.call().id()), call.call());
  }
  while (done.size() > kMostDone) done.pop_front();
  const std::lock_guard lock(mutex_);
  last_id_ = state.last_id();
  open_ = std::move(open);
  done_ = std::move(done);
  return absl::OkStatus();
}

void CallAudit::EndAll(absl::string_view code, absl::string_view message,
                       std::uint64_t generation) {
  EndThose(/*of_upgrades=*/false, code, message, generation);
}

void CallAudit::EndUpgrades(absl::string_view code, absl::string_view message,
                            std::uint64_t generation) {
  EndThose(/*of_upgrades=*/true, code, message, generation);
}

void CallAudit::EndThose(bool of_upgrades, absl::string_view code, absl::string_view message,
                         std::uint64_t generation) {
  std::vector<Key> keys;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, open] : open_) {
      if (IsAboutUpgrade(open.call) == of_upgrades) keys.push_back(key);
    }
  }
  for (const Key& key : keys) End(key.first, key.second, code, message, generation);
}

}  // namespace muster::master
