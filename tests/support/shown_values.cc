#include "muster/tests/support/shown_values.h"

#include <algorithm>
#include <cstddef>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace muster::tests {
namespace {

using Pids = std::map<std::string, std::string>;

// A line with names for what differs, and the pids that were in it.
struct Form {
  std::string text;
  std::vector<std::string> pids;
};

bool IsNumber(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos;
}

bool IsDigitAt(const std::string& text, std::size_t at) {
  return at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[at]));
}

// In one pass, so that what was put in stays. The longest first: one may begin with another.
std::string Replace(const std::string& text,
                    std::vector<std::pair<std::string, std::string>> pairs) {
  std::sort(pairs.begin(), pairs.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  std::string replaced;
  for (std::size_t at = 0; at < text.size();) {
    const auto is_here = [&](const auto& pair) {
      if (text.compare(at, pair.first.size(), pair.first) != 0) return false;
      if (!IsNumber(pair.first)) return true;
      return !IsDigitAt(text, at + pair.first.size()) && (at == 0 || !IsDigitAt(text, at - 1));
    };
    const auto pair = std::find_if(pairs.begin(), pairs.end(), is_here);
    replaced += pair == pairs.end() ? std::string(1, text[at]) : pair->second;
    at += pair == pairs.end() ? 1 : pair->first.size();
  }
  return replaced;
}

// "a  b c   d" → "a", "b c", "d"
std::vector<std::string> Columns(const std::string& line) {
  return absl::StrSplit(std::regex_replace(line, std::regex("(\\S)  +"), "$1\t"), '\t');
}

// "pid 4711", "(pid 4711)", "its master runs as process 4711"; "worker process 1" is a number.
void TakePids(Form* line) {
  static const std::regex form("\\b(pid|as process) (\\d+)\\b");
  std::smatch match;
  std::string rest = line->text;
  line->text.clear();
  while (std::regex_search(rest, match, form)) {
    absl::StrAppend(&line->text, match.prefix().str(), match[1].str(), " {pid}");
    line->pids.push_back(match[2].str());
    rest = match.suffix().str();
  }
  absl::StrAppend(&line->text, rest);
}

// The same for a row of a table with the columns `heads`.
void TakeColumns(const std::vector<std::string>& heads, Form* line) {
  std::vector<std::string> columns = Columns(line->text);
  if (columns.size() != heads.size()) return;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    if (columns[i] == "-") continue;
    if (heads[i] == "AGE") columns[i] = "{age}";
    if (heads[i] == "P50" || heads[i] == "P99") columns[i] = "{latency}";
    if (heads[i] == "PID") line->pids.push_back(std::exchange(columns[i], "{pid}"));
  }
  line->text = absl::StrJoin(columns, "  ");
}

std::vector<Form> Forms(const std::string& text) {
  static const std::pair<std::regex, const char*> patterns[] = {
      {std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})"), "{time}"},
      {std::regex(R"(\bup \w+,)"), "up {time},"},
      {std::regex(R"(\b(ready|done) in \d+(\.\d+)?m?s\b)"), "$1 in {time}"},
      {std::regex(R"(\b[0-9a-f]{64}\b)"), "{sha256}"},
      {std::regex(R"(\bmemory, which is \d+)"), "memory, which is {bytes}"},
      {std::regex("(\\S)  +"), "$1  "},
  };
  std::vector<Form> lines;
  std::vector<std::string> heads;  // of the table that the line is in
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(text, "\n"), '\n')) {
    Form form = {std::string(absl::StripTrailingAsciiWhitespace(line)), {}};
    const std::vector<std::string> columns = Columns(form.text);
    const auto has = [&columns](const char* head) {
      return std::count(columns.begin(), columns.end(), head) == 1;
    };
    if (has("PID") || has("P50")) heads = columns;
    if (form.text.empty()) heads.clear();
    TakeColumns(heads, &form);
    TakePids(&form);
    for (const auto& [pattern, name] : patterns) {
      form.text = std::regex_replace(form.text, pattern, name);
    }
    lines.push_back(std::move(form));
  }
  return lines;
}

// Whether the pids may stand for each other, beside those of `known`, to which they are added.
bool AddPids(const std::vector<std::string>& shown, const std::vector<std::string>& actual,
             Pids* known) {
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto [pid, is_new] = known->emplace(shown[i], actual[i]);
    if (pid->second != actual[i]) return false;
    const auto is_it = [&](const auto& entry) { return entry.second == actual[i]; };
    if (is_new && std::count_if(known->begin(), known->end(), is_it) > 1) return false;
  }
  return true;
}

// From shown[i] and actual[j] on.
bool MatchLines(const std::vector<Form>& shown, std::size_t i, const std::vector<Form>& actual,
                std::size_t j, Pids* pids) {
  for (; i < shown.size(); ++i, ++j) {
    if (shown[i].text == "...") {
      for (; j <= actual.size(); ++j) {
        Pids with_rest = *pids;
        if (!MatchLines(shown, i + 1, actual, j, &with_rest)) continue;
        *pids = with_rest;
        return true;
      }
      return false;
    }
    if (j >= actual.size() || shown[i].text != actual[j].text ||
        !AddPids(shown[i].pids, actual[j].pids, pids)) {
      return false;
    }
  }
  return j == actual.size();
}

}  // namespace

void ShownValues::Know(const std::string& shown, const std::string& actual) {
  known_.emplace_back(shown, actual);
}

std::string ShownValues::Actual(const std::string& shown) const {
  std::vector<std::pair<std::string, std::string>> pairs = known_;
  pairs.insert(pairs.end(), pids_.begin(), pids_.end());
  return Replace(shown, pairs);
}

std::string ShownValues::Shown(const std::string& actual) const {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [shown, value] : known_) pairs.emplace_back(value, shown);
  for (const auto& [shown, value] : pids_) pairs.emplace_back(value, shown);
  return Replace(actual, pairs);
}

bool ShownValues::Match(const std::string& shown, const std::string& actual) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [from, value] : known_) pairs.emplace_back(value, from);
  Pids pids = pids_;
  if (!MatchLines(Forms(shown), 0, Forms(Replace(actual, pairs)), 0, &pids)) return false;
  pids_ = pids;
  return true;
}

}  // namespace muster::tests
