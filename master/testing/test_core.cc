#include "muster/master/testing/test_core.h"

#include <chrono>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "muster/config/config_file.h"
#include "muster/config/config_mistake.h"
#include "muster/ipc/base/status.h"
#include "muster/log/printable.h"
#include "muster/master/admin/report/generation_report.h"
#include "muster/master/admin/report/status_part.h"
#include "muster/master/config_inquiries.h"
#include "muster/master/decide/clock.h"
#include "muster/master/events/log_events.h"

namespace muster::master {
namespace {

constexpr std::uint32_t kSlots = 16;

Settings SettingsOf(std::uint32_t workers) {
  using std::chrono::seconds;
  return {.workers = workers,
          .ready_timeout = seconds(5),
          .shutdown_timeout = seconds(5),
          .drain_ack_timeout = seconds(5)};
}

// As the master reads it, but for what it asks the worker program and the machine.
absl::Status Read(const admin::v1::ConfigText& text) {
  MUSTER_ASSIGN_OR_RETURN(const CalledConfig called, ToCalledConfig(text));
  return config::ReadCheckedText(called.name, called.text, called.format, "/srv", nullptr).status();
}

}  // namespace

TestCore::TestCore(Log& log, EventRing& events, CallAudit& audit)
    : log_(log), events_(events), audit_(audit) {
  Start();
}

void TestCore::Start() {
  core_.emplace(kSlots);
  has_ended_ = false;
  processes_.clear();
  Give(StartEvent{SettingsOf(2)});
}

void TestCore::Give(const Event& event) {
  outcomes_.push_back(event);
  while (!outcomes_.empty()) {
    const Event next = outcomes_.front();
    outcomes_.erase(outcomes_.begin());
    for (const Action& action : core_->Handle(next, Clock::now())) {
      std::visit([&](const auto& which) { Do(which); }, action);
    }
  }
  if (has_ended_) Start();
}

RequestId TestCore::Await(AdminOperations::Reply reply) {
  waiting_[++last_request_] = std::move(reply);
  return last_request_;
}

void TestCore::Do(const SpawnAction& action) {
  processes_.insert(action.slot);
  outcomes_.push_back(SpawnedEvent{action.slot, ++last_pid_});
  outcomes_.push_back(ReadyEvent{action.slot});
}

void TestCore::Do(const SendAction& action) {
  if (action.token != 0) outcomes_.push_back(AckedEvent{action.slot, action.token});
  const bool ends = action.command == worker::Command::kDrain ||
                    action.command == worker::Command::kQuit ||
                    action.command == worker::Command::kTerminate;
  if (ends && processes_.erase(action.slot) > 0) {
    outcomes_.push_back(ExitedEvent{action.slot, {.pid = 1, .code = 0}});
  }
}

void TestCore::Do(const SignalAction& action) {
  if (processes_.erase(action.slot) == 0) return;
  outcomes_.push_back(
      ExitedEvent{action.slot, {.pid = 1, .was_killed = true, .code = action.signal}});
}

void TestCore::Do(const LoadAction& action) {
  const auto config = configs_.find(action.config_of);
  absl::Status status;
  if (config != configs_.end()) {
    status = Read(config->second);
    configs_.erase(config);
  }
  if (status.ok()) {
    outcomes_.push_back(LoadedEvent{action.load, SettingsOf(2)});
  } else {
    outcomes_.push_back(LoadRefusedEvent{action.load, status});
  }
}

void TestCore::Do(const LoadAgainAction& action) {
  outcomes_.push_back(
      LoadedEvent{action.load, SettingsOf(action.workers == 0 ? 2 : action.workers)});
}

void TestCore::Do(const AbandonLoadAction& action) {
  if (!action.is_overdue) return;
  outcomes_.push_back(LoadRefusedEvent{action.load, absl::DeadlineExceededError("it hangs")});
}

void TestCore::Do(const ListenAction& action) {
  outcomes_.push_back(ListeningEvent{action.generation});
}

void TestCore::Do(const TryProgramAction& action) {
  outcomes_.push_back(ProgramTriedEvent{action.upgrade, absl::UnimplementedError("not here")});
}

void TestCore::Do(const ReplyAction& action) {
  const auto found = waiting_.find(action.request);
  if (found == waiting_.end()) return;
  const AdminOperations::Reply reply = std::move(found->second);
  waiting_.erase(found);
  reply(action.outcome);
}

void TestCore::Do(const LogAction& action) {
  log_.WriteUnheard(action.severity, action.text);
  if (std::optional<admin::v1::Event> event = EventOf(action)) events_.Add(*std::move(event));
}

void TestCore::Do(const ExitAction&) { has_ended_ = true; }

AdminOperations TestCore::operations() {
  AdminOperations operations;
  operations.status = [] {
    admin::v1::Status status;
    status.mutable_master()->set_generation(1);
    status.add_workers()->set_generation(1);
    return status;
  };
  // Of the whole status, whichever part is asked for.
  operations.write_status = [status = operations.status](StatusPart) {
    return status().SerializeAsString();
  };
  operations.generation = [] { return std::uint64_t{1}; };
  operations.config = [this](const AdminOperations::Answer<admin::v1::ActiveConfig>& answer) {
    admin::v1::ActiveConfig config;
    config.set_generation(core_->generation());
    answer(std::move(config));
  };
  operations.check_config = [](const admin::v1::ConfigText* text,
                               const AdminOperations::Answer<admin::v1::ConfigCheck>& answer) {
    admin::v1::ConfigCheck check;
    if (text != nullptr) {
      // As ConfigInquiries: what is no configuration at all is refused.
      if (const auto called = ToCalledConfig(*text); !called.ok()) return answer(called.status());
      const absl::Status status = Read(*text);
      for (const config::ConfigMistake& mistake : config::MistakesOf(status)) {
        check.add_mistakes()->set_description(mistake.problem);
      }
      check.set_is_good(status.ok());
    }
    answer(std::move(check));
  };
  operations.list_zones = [](const AdminOperations::Answer<admin::v1::ListZonesResponse>& answer) {
    answer(admin::v1::ListZonesResponse());
  };
  operations.list_locks = [](const admin::v1::ListLocksRequest& request,
                             const AdminOperations::Answer<admin::v1::ListLocksResponse>& answer) {
    if (request.zone().empty()) return answer(admin::v1::ListLocksResponse());
    answer(absl::NotFoundError(
        absl::StrCat("there is no zone \"", log::Printable(request.zone()), "\"")));
  };
  operations.set_log_level = [this](config::v1::Log::Level level) {
    const config::v1::Log::Level before = log_.level();
    log_.SetLevel(level);
    return before;
  };
  operations.reload = [this](const ReloadTerms& terms, AdminOperations::Reply reply) {
    const RequestId request = Await(std::move(reply));
    if (terms.config.has_value()) configs_[request] = *terms.config;
    Give(ReloadEvent{request, terms.config.has_value(), terms.until_drained});
    return request;
  };
  const auto order = [this](auto make) {
    return [this, make](AdminOperations::Reply reply) {
      const RequestId request = Await(std::move(reply));
      Give(make(request));
      return request;
    };
  };
  operations.reopen = order([](RequestId request) { return ReopenEvent{request}; });
  operations.pause = order([](RequestId request) { return PauseEvent{request}; });
  operations.resume = [this](const std::string& by, AdminOperations::Reply reply) {
    const RequestId request = Await(std::move(reply));
    Give(ResumeEvent{request, by});
    return request;
  };
  operations.list_generations = [this] {
    return ReportGenerations(*core_, Clock::now(), absl::Now());
  };
  const auto pass_on = [this](auto event, AdminOperations::Reply reply) {
    event.request = Await(std::move(reply));
    Give(event);
    return event.request;
  };
  operations.rollback = pass_on;
  operations.change_workers = pass_on;
  operations.upgrade = pass_on;
  operations.quit = order([](RequestId request) { return QuitEvent{request}; });
  operations.stop = order([](RequestId request) { return StopEvent{request}; });
  operations.withdraw = [this](RequestId request, const std::string& why) {
    Give(WithdrawEvent{request, why});
  };
  operations.audit = &audit_;
  operations.events = &events_;
  return operations;
}

}  // namespace muster::master
