#include "muster/ctl/ask_masters.h"

#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "muster/ctl/exit_code.h"
#include "muster/ctl/text/colour.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/table.h"
#include "muster/ipc/base/status.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

// The reason in one line of a table: "no master there: connect unix:/a: ...; connect unix:/b: ...".
// Reasons that are listed are indented; what comes after them is advice, which has no room here.
std::string InARow(absl::string_view message) {
  const std::vector<absl::string_view> lines = absl::StrSplit(message, '\n');
  std::string row(lines.front());
  const char* separator = " ";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    absl::string_view line = lines[i];
    if (!absl::ConsumePrefix(&line, "  ")) break;
    absl::StrAppend(&row, separator, line);
    separator = "; ";
  }
  return row;
}

std::string RenderTable(const std::vector<MasterAnswer>& answers,
                        std::vector<Table::Column> columns) {
  columns.insert(columns.begin(), {"MASTER"});
  Table table(std::move(columns));
  for (const MasterAnswer& one : answers) {
    if (one.answer.ok()) {
      table.AddRows(one.master, *one.answer->table);
    } else {
      table.AddNote(one.master, InARow(one.answer.status().message()));
    }
  }
  return table.Render(ShowsColours(STDOUT_FILENO));
}

std::string RenderTexts(const std::vector<MasterAnswer>& answers) {
  return absl::StrJoin(answers, "\n", [](std::string* text, const MasterAnswer& one) {
    absl::StrAppend(text, "==> ", Printable(one.master), " <==\n",
                    one.answer.ok() ? one.answer->text
                                    : absl::StrCat(Printable(one.answer.status().message()), "\n"));
  });
}

absl::StatusOr<std::string> RenderJson(const std::vector<MasterAnswer>& answers) {
  std::string text = "{\n \"masters\": [";
  const char* separator = "\n";
  for (const MasterAnswer& one : answers) {
    absl::StrAppend(&text, separator, "{\"master\": ", JsonString(one.master));
    if (one.answer.ok()) {
      MUSTER_ASSIGN_OR_RETURN(const std::string answer, Json(*one.answer->message));
      absl::StrAppend(&text, ", \"answer\": ", answer, "}");
    } else {
      absl::StrAppend(&text, ", \"error\": ", JsonString(one.answer.status().message()),
                      ", \"exitCode\": ", static_cast<int>(ExitCodeOf(one.answer.status())), "}");
    }
    separator = ",\n";
  }
  return text + "\n ]\n}\n";
}

}  // namespace

std::vector<MasterAnswer> AskMasters(
    const std::vector<std::string>& masters,
    const std::function<absl::StatusOr<Answer>(std::size_t index)>& ask) {
  std::vector<MasterAnswer> answers;
  for (const std::string& master : masters) {
    answers.push_back({.master = master, .answer = absl::UnknownError("not asked")});
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    threads.emplace_back([&, i] { answers[i].answer = ask(i); });
  }
  for (std::thread& thread : threads) thread.join();
  return answers;
}

absl::StatusOr<std::string> RenderAnswers(const std::vector<MasterAnswer>& answers, Output output) {
  if (output == Output::kJson) return RenderJson(answers);
  const auto is_table = [](const MasterAnswer& one) {
    return one.answer.ok() && one.answer->table.has_value();
  };
  const auto first = std::find_if(answers.begin(), answers.end(), is_table);
  if (first == answers.end()) return RenderTexts(answers);
  return RenderTable(answers, first->answer->table->columns());
}

absl::Status OutcomeOf(const std::vector<MasterAnswer>& answers) {
  const auto failed = std::count_if(answers.begin(), answers.end(),
                                    [](const MasterAnswer& one) { return !one.answer.ok(); });
  if (failed == 0) return absl::OkStatus();
  const std::string text =
      absl::StrCat(failed, " of ", config::Counted(answers.size(), "master"), " did not answer");
  const bool is_all = failed == static_cast<std::ptrdiff_t>(answers.size());
  return ExitWith(is_all ? ExitCodeOf(answers.front().answer.status()) : ExitCode::kSome,
                  absl::UnknownError(text));
}

}  // namespace muster::ctl
