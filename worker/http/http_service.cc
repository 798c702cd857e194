#include "muster/worker/http/http_service.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/field_error.h"
#include "muster/proto/log_format.h"
#include "muster/worker/http/connection.h"
#include "muster/worker/http/connection_share.h"
#include "muster/worker/http/handler_action.h"
#include "muster/worker/http/handler_context.h"
#include "muster/worker/http/handoff_state.h"
#include "muster/worker/http/input/connection_settings.h"
#include "muster/worker/http/log/access_log.h"
#include "muster/worker/http/pieces/handler_log.h"
#include "muster/worker/http/responder.h"
#include "muster/worker/runtime/bounded_duration.h"

namespace muster::worker::http {
namespace {

absl::StatusOr<std::unique_ptr<AccessLog>> OpenLog(const config::v1::AccessLog& log,
                                                   Context& context) {
  auto format = config::ParseLogFormat(log.format(), log.escape() == config::v1::AccessLog::JSON);
  if (!format.ok()) {
    return config::AtField(
        absl::Status(format.status().code(),
                     absl::StrCat("http.access_log.format ", format.status().message())),
        "http.access_log.format");
  }
  auto opened = AccessLog::Open(
      {.path = log.path(),
       .open = [&context](const std::string& path) { return context.OpenLog(path); },
       .format = *std::move(format),
       .buffer_bytes = log.buffer_bytes(),
       .flush_interval = BoundedDuration(log.flush_interval()),
       .report = [&context](absl::string_view text) { context.Log(config::v1::Log::WARN, text); }},
      context.loop());
  if (opened.ok()) return opened;
  return config::AtField(ipc::Annotate(opened.status(), "http.access_log.path"),
                         "http.access_log.path");
}

// The handlers that locations name, each made once.
class HandlerSet {
 public:
  HandlerSet(Context& context, const Handlers& known) : context_(context), known_(known) {}

  absl::StatusOr<HandlerAction> Find(const std::string& name) {
    std::shared_ptr<Handler>& handler = made_[name];
    HandlerLog*& log = logs_[name];
    if (handler == nullptr) {
      const auto factory = known_.find(name);
      if (factory == known_.end()) return Missing(name);
      if (name.size() > kMostNameBytes) {
        return absl::InvalidArgumentError(absl::StrCat(
            "handler: the name has ", name.size(), " bytes, expected at most ", kMostNameBytes));
      }
      contexts_.push_back(std::make_unique<HandlerContext>(context_, name));
      log = &contexts_.back()->log();
      auto made = factory->second(*contexts_.back());
      if (!made.ok()) {
        return ipc::Annotate(made.status(), absl::StrCat("handler \"", name, "\""));
      }
      handler = *std::move(made);
    }
    return HandlerAction(handler, *log);
  }

  const std::map<std::string, std::shared_ptr<Handler>>& handlers() const { return made_; }
  // What the handlers were made with, which outlives them.
  std::vector<std::unique_ptr<HandlerContext>> TakeContexts() { return std::move(contexts_); }

 private:
  static constexpr std::size_t kMostNameBytes = 255;

  absl::Status Missing(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [known, factory] : known_) names.push_back(known);
    return absl::InvalidArgumentError(
        absl::StrCat("handler: this worker has no \"", name, "\"; ",
                     names.empty() ? "it has no handlers"
                                   : absl::StrCat("it has ", absl::StrJoin(names, ", "))));
  }

  Context& context_;
  const Handlers& known_;
  std::vector<std::unique_ptr<HandlerContext>> contexts_;
  std::map<std::string, std::shared_ptr<Handler>> made_;
  std::map<std::string, HandlerLog*> logs_;  // of their contexts
};

class HttpService final : public Service {
 public:
  HttpService(Context& context, Responder responder, HandlerSet handlers,
              std::unique_ptr<AccessLog> access_log)
      : contexts_(handlers.TakeContexts()),
        responder_(std::move(responder)),
        handlers_(handlers.handlers()),
        access_log_(std::move(access_log)),
        share_{.context = context,
               .loop = context.loop(),
               .stats = context.stats(),
               .responder = responder_,
               .access_log = access_log_.get(),
               .settings = ConnectionSettings::From(context.config().http())} {}

  ~HttpService() override {
    while (share_.connections.first() != nullptr) delete share_.connections.first();
  }

  void OnConnection(worker::Connection connection) override {
    Connection::Serve(share_, std::move(connection));
  }

  absl::Status Reopen() override {
    responder_.ForgetFiles();
    absl::Status first_error;
    for (const auto& [name, handler] : handlers_) {
      if (handler->upgraded() != nullptr) first_error.Update(handler->upgraded()->Reopen());
    }
    if (access_log_ != nullptr) {
      first_error.Update(ipc::Annotate(access_log_->Reopen(), "http.access_log.path"));
    }
    return first_error;
  }

  absl::Status Adopt(worker::Connection connection, std::string state) override {
    if (const auto upgraded = UpgradedState::Parse(state); upgraded.has_value()) {
      return AdoptUpgraded(std::move(connection), *upgraded);
    }
    MUSTER_ASSIGN_OR_RETURN(const HandoffState parsed, HandoffState::Parse(state));
    Connection::Resume(share_, std::move(connection), parsed);
    return absl::OkStatus();
  }

  void Drain(Idle idle) override {
    share_.drain = idle;
    share_.connections.ForEach([](Connection& connection) { connection.OnDrain(); });
    if (access_log_ != nullptr) access_log_->Flush();
    for (const auto& [name, handler] : handlers_) {
      handler->OnDrain();
      if (handler->upgraded() != nullptr) handler->upgraded()->Drain(idle);
    }
  }

  void OnHandoffRoom() override {
    share_.connections.ForEach([](Connection& connection) { connection.OnDrain(); });
    for (const auto& [name, handler] : handlers_) {
      if (handler->upgraded() != nullptr) handler->upgraded()->OnHandoffRoom();
    }
  }

  void BeforeExit() override {
    for (const auto& [name, handler] : handlers_) {
      if (handler->upgraded() != nullptr) handler->upgraded()->BeforeExit();
    }
    if (access_log_ != nullptr) access_log_->Flush();
  }

 private:
  absl::Status AdoptUpgraded(worker::Connection connection, const UpgradedState& upgraded) {
    const auto handler = handlers_.find(std::string(upgraded.handler));
    if (handler == handlers_.end() || handler->second->upgraded() == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("its handler \"",
                                                     absl::CEscape(upgraded.handler),
                                                     "\" takes no upgraded connections here"));
    }
    return handler->second->upgraded()->Adopt(std::move(connection), std::string(upgraded.state));
  }

  const std::vector<std::unique_ptr<HandlerContext>> contexts_;
  Responder responder_;
  const std::map<std::string, std::shared_ptr<Handler>> handlers_;
  std::unique_ptr<AccessLog> access_log_;
  ConnectionShare share_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Service>> MakeHttpService(Context& context,
                                                         const Handlers& handlers) {
  const config::v1::Config& config = context.config();
  if (!config.has_http()) return absl::InvalidArgumentError("http: is not configured");
  HandlerSet made(context, handlers);
  MUSTER_ASSIGN_OR_RETURN(
      Responder responder,
      Responder::Create(
          config.http(), context.zone(),
          [&made](const std::string& name) { return made.Find(name); }, &context.metrics()));
  std::unique_ptr<AccessLog> access_log;
  if (config.http().has_access_log()) {
    auto opened = OpenLog(config.http().access_log(), context);
    if (!opened.ok()) return opened.status();
    access_log = *std::move(opened);
  }
  return std::make_unique<HttpService>(context, std::move(responder), std::move(made),
                                       std::move(access_log));
}

}  // namespace muster::worker::http
