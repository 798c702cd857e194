#include "muster/ctl/text/status_text.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/hang_text.h"
#include "muster/ctl/text/last_words_text.h"
#include "muster/ctl/text/latency.h"
#include "muster/ctl/text/metric_text.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/table.h"
#include "muster/ctl/text/units.h"
#include "muster/ctl/text/upgrade_text.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

std::string Lowercase(std::string enumerator) {
  absl::AsciiStrToLower(&enumerator);
  return absl::StrReplaceAll(enumerator, {{"_", " "}});
}

// A state that this ctl does not know yet has no name.
std::string StateName(v1::Worker::State state) {
  return v1::Worker::State_IsValid(state) ? Lowercase(v1::Worker::State_Name(state))
                                          : absl::StrCat("state ", static_cast<int>(state));
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

// "serving", "hung 12s", "draining, hung 12s".
std::string StateOf(const v1::Worker& worker) {
  const std::string name = StateName(worker.state());
  if (!worker.has_hung_for()) return name;
  const std::string age = FormatAge(ToDuration(worker.hung_for()));
  return worker.state() == v1::Worker::HUNG ? absl::StrCat(name, " ", age)
                                            : absl::StrCat(name, ", hung ", age);
}

std::string StateName(v1::Master::State state) {
  return v1::Master::State_IsValid(state) ? Lowercase(v1::Master::State_Name(state))
                                          : absl::StrCat("state ", static_cast<int>(state));
}

std::string OrDash(std::string text) { return text.empty() ? "-" : text; }

std::string Fact(absl::string_view name, absl::string_view value) {
  // Lines after the first stand below it.
  return absl::StrCat(name, std::string(name.size() < 12 ? 12 - name.size() : 1, ' '),
                      Printable(absl::StrReplaceAll(value, {{"\n", "\n            "}})), "\n");
}

// That of a worker that does not do what it should.
Colour ColourOf(const v1::Worker& worker) {
  if (worker.state() == v1::Worker::GAVE_UP) return Colour::kRed;
  if (worker.state() == v1::Worker::BACKOFF || worker.has_hung_for()) return Colour::kYellow;
  return worker.state() == v1::Worker::DRAINING ? Colour::kDim : Colour::kNone;
}

// The workers of the serving generation that serve.
std::int64_t ServingIn(const v1::Status& status) {
  return std::count_if(status.workers().begin(), status.workers().end(),
                       [&](const v1::Worker& worker) {
                         return worker.state() == v1::Worker::SERVING &&
                                worker.generation() == status.master().generation();
                       });
}

// A worker that ended may have been given connections and answered no request.
bool HasCounted(const v1::Counters& counters) { return counters.ByteSizeLong() > 0; }

}  // namespace

std::string RenderStatus(const v1::Status& status, bool has_colours, absl::TimeZone zone) {
  const v1::Master& master = status.master();
  const v1::Counters& total = status.stats().total();
  const std::string age = master.has_uptime() ? FormatAge(ToDuration(master.uptime())) : "-";

  std::string text =
      Fact("master", absl::StrCat(StateName(master.state()), ", pid ", master.pid(), ", up ", age,
                                  ", muster ", OrDash(master.version())));
  text +=
      Fact("config",
           absl::StrCat(
               OrDash(master.config_file()), " (generation ", master.generation(),
               master.is_config_from_call() ? "; it came with a call, not from this file)" : ")"));
  if (master.rolled_back_to() != 0) {
    text += Fact("rollback", absl::StrCat("serves as generation ", master.rolled_back_to(),
                                          " did; the next reload reads the file"));
  }
  if (master.has_trial_until()) {
    text +=
        Fact("trial",
             absl::StrCat("until ",
                          absl::FormatTime("%Y-%m-%d %H:%M:%S",
                                           absl::FromUnixSeconds(master.trial_until().seconds()),
                                           absl::LocalTimeZone()),
                          "; after too many crashes the generation before serves again"));
  }
  if (master.trials_failed() > 0) {
    text += Fact("trials", absl::StrCat(master.trials_failed(), " failed"));
  }
  if (master.has_upgrade()) text += Fact("upgrade", DescribeUpgrade(master.upgrade()));
  text += Fact("listen", OrDash(absl::StrJoin(master.listen(), ", ")));
  if (!master.metrics_listen().empty()) text += Fact("metrics", master.metrics_listen());
  text += Fact("workers",
               absl::StrCat(ServingIn(status), " of ", master.worker_processes(), " serving"));
  text +=
      Fact("clients", absl::StrCat(total.active(), " connected (", total.reading(), " reading, ",
                                   total.writing(), " writing, ", total.waiting(), " waiting), ",
                                   config::Counted(total.requests(), "request"), " so far"));
  if (status.stats().crashes() > 0) {
    text += Fact("crashes", absl::StrCat(status.stats().crashes()));
  }
  if (!master.last_reload_error().empty()) {
    text += Fact("refused", absl::StrCat("the last reload:\n", absl::StripTrailingAsciiWhitespace(
                                                                   master.last_reload_error())));
  }
  return absl::StrCat(text, "\n",
                      WorkersTable(status.workers(), status.stats().ended()).Render(has_colours),
                      RenderHangs(status.workers()), RenderLastWords(status.workers(), zone));
}

Table StatusTable(const v1::Status& status) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"STATE"},
               {"PID", kRight},
               {"UP", kRight},
               {"GEN", kRight},
               {"WORKERS", kRight},
               {"CLIENTS", kRight},
               {"REQUESTS", kRight},
               {"CRASHES", kRight},
               {"VERSION"}});
  const v1::Master& master = status.master();
  const v1::Counters& total = status.stats().total();
  table.AddRow({StateName(master.state()), absl::StrCat(master.pid()),
                master.has_uptime() ? FormatAge(ToDuration(master.uptime())) : "-",
                absl::StrCat(master.generation()),
                absl::StrCat(ServingIn(status), "/", master.worker_processes()),
                absl::StrCat(total.active()), absl::StrCat(total.requests()),
                absl::StrCat(status.stats().crashes()), OrDash(master.version())});
  return table;
}

std::string RenderWorkers(const google::protobuf::RepeatedPtrField<v1::Worker>& workers,
                          const v1::Counters& ended) {
  return WorkersTable(workers, ended).Render();
}

Table WorkersTable(const google::protobuf::RepeatedPtrField<v1::Worker>& workers,
                   const v1::Counters& ended) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"WORKER"},
               {"GEN", kRight},
               {"SLOT", kRight},
               {"PID", kRight},
               {"STATE"},
               {"AGE", kRight},
               {"RESTARTS", kRight},
               {"ACTIVE", kRight},
               {"REQUESTS", kRight},
               {"P50", kRight},
               {"P99", kRight},
               {"LAST EXIT"},
               {"SERVES"}});
  for (const v1::Worker& worker : workers) {
    const bool runs = worker.pid() != 0;
    table.AddRow(
        {absl::StrCat(worker.index()), absl::StrCat(worker.generation()),
         absl::StrCat(worker.slot()), runs ? absl::StrCat(worker.pid()) : "-", StateOf(worker),
         runs ? FormatAge(ToDuration(worker.age())) : "-", absl::StrCat(worker.restarts()),
         absl::StrCat(worker.counters().active()), absl::StrCat(worker.counters().requests()),
         FormatPercentile(worker.latency(), worker.latency().p50()),
         FormatPercentile(worker.latency(), worker.latency().p99()), OrDash(worker.last_exit()),
         FormatRequest(worker)},
        ColourOf(worker));
  }
  if (HasCounted(ended)) {
    table.AddRow({"ended", "-", "-", "-", "-", "-", "-", absl::StrCat(ended.active()),
                  absl::StrCat(ended.requests()), "-", "-", "-", "-"});
  }
  return table;
}

std::string RenderStats(const v1::Stats& stats) {
  return absl::StrCat(
      StatsTable(stats).Render(), "\n", config::Counted(stats.reloads(), "reload"), ", ",
      stats.reloads_refused(), " refused; ", config::Counted(stats.crashes(), "crash", "crashes"),
      "\n",
      stats.metrics().empty() ? "" : absl::StrCat("\n", MetricsTable(stats.metrics()).Render()),
      stats.series_left_out() == 0
          ? ""
          : absl::StrCat(config::Counted(stats.series_left_out(), "more series", "more series"),
                         " did not fit into the answer\n"));
}

Table StatsTable(const v1::Stats& stats) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"WORKER"},
               {"GEN", kRight},
               {"SLOT", kRight},
               {"ACCEPTED", kRight},
               {"HANDLED", kRight},
               {"REQUESTS", kRight},
               {"ACTIVE", kRight},
               {"READING", kRight},
               {"WRITING", kRight},
               {"WAITING", kRight},
               {"RECEIVED", kRight},
               {"SENT", kRight},
               {"CUT OFF", kRight},
               {"P50", kRight},
               {"P99", kRight}});
  const auto add = [&table](std::string worker, std::string generation, std::string slot,
                            const v1::Counters& counters, const v1::Latency& latency) {
    table.AddRow({std::move(worker), std::move(generation), std::move(slot),
                  absl::StrCat(counters.accepted()), absl::StrCat(counters.handled()),
                  absl::StrCat(counters.requests()), absl::StrCat(counters.active()),
                  absl::StrCat(counters.reading()), absl::StrCat(counters.writing()),
                  absl::StrCat(counters.waiting()), FormatBytes(counters.bytes_received()),
                  FormatBytes(counters.bytes_sent()), absl::StrCat(counters.closed_at_deadline()),
                  FormatPercentile(latency, latency.p50()),
                  FormatPercentile(latency, latency.p99())});
  };
  for (const v1::WorkerStats& worker : stats.workers()) {
    add(absl::StrCat(worker.index()), absl::StrCat(worker.generation()),
        absl::StrCat(worker.slot()), worker.counters(), worker.latency());
  }
  if (HasCounted(stats.ended())) add("ended", "-", "-", stats.ended(), {});
  add("total", "-", "-", stats.total(), stats.latency());
  return table;
}

}  // namespace muster::ctl
