#include "muster/ctl/text/config_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/printable.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

std::string AboutTheFile(const v1::ActiveConfig& config) {
  switch (config.file_state()) {
    case v1::ActiveConfig::SAME:
      return config.is_from_call() ? "; the file says the same" : "";
    case v1::ActiveConfig::CHANGED:
      return config.is_from_call() ? "; the file says something else"
                                   : "; the file was changed since: ctl reload reads it again";
    case v1::ActiveConfig::UNREADABLE:
      return absl::StrCat("; ", config.file_error());
    default:
      return "";
  }
}

}  // namespace

std::string RenderConfig(const v1::ActiveConfig& config) {
  const std::string origin = config.is_from_call()
                                 ? absl::StrCat("came with a call, not from ", config.file())
                                 : absl::StrCat("from ", config.file());
  return absl::StrCat("# generation ", config.generation(), ", ",
                      Printable(absl::StrCat(origin, AboutTheFile(config))), "\n# sha256 ",
                      Printable(config.hash()), "\n", Printable(config.text()));
}

std::string RenderMistakes(const v1::ConfigCheck& check, const std::string& name) {
  std::vector<std::string> lines;
  for (const v1::ConfigMistake& mistake : check.mistakes()) {
    std::string line;
    if (mistake.line() != 0) {
      line = absl::StrCat(name, ":", mistake.line(), ":", mistake.column(), ": ");
    }
    if (!mistake.field().empty()) absl::StrAppend(&line, mistake.field(), ": ");
    lines.push_back(Printable(absl::StrCat(line, mistake.description())));
  }
  return absl::StrJoin(lines, "\n");
}

std::string RenderGood(const v1::ConfigCheck& check, const std::string& name) {
  std::string text;
  for (const std::string& note : check.note()) {
    absl::StrAppend(&text, "note: ", Printable(note), "\n");
  }
  absl::StrAppend(&text, "the configuration ", Printable(name), " is good",
                  check.is_in_force() ? ", and is in force" : "",
                  "; not checked: ", Printable(absl::StrJoin(check.unchecked(), ", ")), "\n");
  return text;
}

std::string RenderDifferences(const v1::ConfigCheck& check, const std::string& before,
                              const std::string& after, bool has_colours) {
  std::string text;
  const auto add = [&](Colour colour, const std::string& line) {
    const std::string shown = Printable(absl::StrReplaceAll(line, {{"\n", "\\n"}}));
    absl::StrAppend(&text, has_colours ? Paint(colour, shown) : shown, "\n");
  };
  add(Colour::kDim, absl::StrCat("--- ", before));
  add(Colour::kDim, absl::StrCat("+++ ", after));
  for (const v1::ConfigDifference& one : check.differences()) {
    const bool is_changed = !one.before().empty() && !one.after().empty();
    if (!one.before().empty()) {
      add(Colour::kRed, absl::StrCat("-", one.path(), ": ", one.before()));
    }
    if (!one.after().empty()) {
      add(Colour::kGreen, absl::StrCat("+", one.path(), ": ", one.after(),
                                       one.is_secret() && is_changed ? "  # changed" : ""));
    }
  }
  if (check.differences_left_out() > 0) {
    add(Colour::kNone, absl::StrCat("and ", check.differences_left_out(), " more"));
  }
  return text;
}

std::string RenderPlan(const v1::ReloadPlan& plan) {
  std::string text =
      absl::StrCat("workers: ", plan.workers_now(), " are replaced by ", plan.workers_then(), "\n");
  const auto list = [&](const char* what, const auto& names, const char* fate) {
    for (const std::string& name : names) {
      absl::StrAppend(&text, what, Printable(name), fate, "\n");
    }
  };
  list("listener ", plan.kept_listener(), ": kept");
  list("listener ", plan.new_listener(), ": made");
  list("listener ", plan.dropped_listener(), ": dropped");
  if (plan.is_spread_now() != plan.is_spread_then()) {
    absl::StrAppend(&text, "listeners: ",
                    plan.is_spread_then() ? "a TCP address gets a socket for each worker"
                                          : "all workers accept from all sockets",
                    "\n");
  }
  list("zone ", plan.kept_zone(), ": kept");
  list("zone ", plan.new_zone(), ": made, empty");
  list("zone ", plan.dropped_zone(), ": dropped");
  return text;
}

}  // namespace muster::ctl
