#include "muster/ctl/top/top_view.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "muster/ctl/text/event_text.h"
#include "muster/ctl/text/hang_text.h"
#include "muster/ctl/text/last_words_text.h"
#include "muster/ctl/text/latency.h"
#include "muster/ctl/text/units.h"
#include "muster/ctl/top/top_columns.h"
#include "muster/ctl/top/top_generations.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMostEvents = 50;
constexpr std::size_t kMostLockLines = 6;
constexpr std::size_t kMostDialogLines = 6;
constexpr int kPage = 10;

Colour ColourOfState(v1::Worker::State state) {
  switch (state) {
    case v1::Worker::GAVE_UP:
      return Colour::kRed;
    case v1::Worker::HUNG:
    case v1::Worker::BACKOFF:
    case v1::Worker::STOPPING:
      return Colour::kYellow;
    case v1::Worker::DRAINING:
      return Colour::kDim;
    default:
      return Colour::kNone;
  }
}

std::string RateText(std::optional<double> rate) {
  return rate.has_value() ? absl::StrFormat("%.0f/s", *rate) : "-";
}

}  // namespace

TopView::TopView(std::string master) : master_(std::move(master)) {}

void TopView::TakeStatus(const v1::Status& status, absl::Duration now) {
  dialog_.TakeStatus(status);
  if (is_frozen_) return;
  status_ = status;
  list_.Take(status, now);
}

void TopView::TakeEvent(const v1::Event& event) {
  std::deque<v1::Event>& events = is_frozen_ ? held_back_ : events_;
  events.push_back(event);
  if (events.size() > kMostEvents) events.pop_front();
}

void TopView::TakeLocks(const v1::ListLocksResponse& locks, absl::Duration now) {
  if (!is_frozen_) locks_.Take(locks, now);
}

bool TopView::TakesAnswer(bool is_yes) {
  dialog_.Forget();
  if (!dialog_.is_asking()) return false;
  dialog_.Answer(is_yes);
  return true;
}

void TopView::Press(Key key) {
  if (TakesAnswer(/*is_yes=*/false) && key != Key::kInterrupt) return;
  switch (key) {
    case Key::kUp:
      list_.Move(-1);
      break;
    case Key::kDown:
      list_.Move(1);
      break;
    case Key::kPageUp:
      list_.Move(-kPage);
      break;
    case Key::kPageDown:
      list_.Move(kPage);
      break;
    case Key::kLeft:
      list_.SortByNext(-1);
      break;
    case Key::kRight:
      list_.SortByNext(1);
      break;
    case Key::kEnter:
      is_typing_filter_ = false;
      is_help_shown_ = false;
      break;
    case Key::kEscape:
      if (is_typing_filter_ || !is_help_shown_) list_.SetFilter("");
      is_typing_filter_ = false;
      is_help_shown_ = false;
      break;
    case Key::kBackspace:
      if (is_typing_filter_ && !list_.filter().empty()) {
        list_.SetFilter(list_.filter().substr(0, list_.filter().size() - 1));
      }
      break;
    case Key::kInterrupt:
      is_over_ = true;
      break;
    case Key::kOther:
      break;
  }
}

void TopView::Type(char character) {
  if (TakesAnswer(character == 'y')) return;
  if (is_typing_filter_) {
    if (absl::ascii_isprint(static_cast<unsigned char>(character))) {
      list_.SetFilter(list_.filter() + character);
    }
    list_.SelectFirst();
    return;
  }
  const bool was_help_shown = std::exchange(is_help_shown_, false);
  switch (character) {
    case 'q':
      is_over_ = true;
      break;
    case '<':
      Press(Key::kLeft);
      break;
    case '>':
      Press(Key::kRight);
      break;
    case 'r':
      list_.SortBy(list_.order(), !list_.is_descending());
      break;
    case 'c':
      list_.SortBy(TopColumn::kCpu, true);
      break;
    case 'm':
      list_.SortBy(TopColumn::kMemory, true);
      break;
    case '/':
      is_typing_filter_ = true;
      list_.SetFilter("");
      break;
    case ' ':
      is_frozen_ = !is_frozen_;
      for (const v1::Event& event : std::exchange(held_back_, {})) TakeEvent(event);
      break;
    case 'j':
      Press(Key::kDown);
      break;
    case 'k':
      Press(Key::kUp);
      break;
    case 'R':
      dialog_.Ask(v1::ChangeWorkerRequest::RESTART, Selected());
      break;
    case 'D':
      dialog_.Ask(v1::ChangeWorkerRequest::DRAIN, Selected());
      break;
    case 'h':
    case '?':
      is_help_shown_ = !was_help_shown;
      break;
    default:
      break;
  }
}

std::vector<TopLine> TopView::Head(std::size_t width) const {
  const v1::Master& master = status_.master();
  const v1::Stats& stats = status_.stats();
  const auto serving = std::count_if(
      status_.workers().begin(), status_.workers().end(), [&](const v1::Worker& worker) {
        return worker.state() == v1::Worker::SERVING && worker.generation() == master.generation();
      });
  const absl::Duration uptime =
      absl::Seconds(master.uptime().seconds()) + absl::Nanoseconds(master.uptime().nanos());
  const std::string state = v1::Master::State_IsValid(master.state())
                                ? absl::AsciiStrToLower(v1::Master::State_Name(master.state()))
                                : absl::StrCat("state ", master.state());
  std::vector<TopLine> lines;
  for (const auto& parts :
       {std::vector<std::string>{master_, state, absl::StrCat("pid ", master.pid()),
                                 absl::StrCat("up ", FormatAge(uptime)),
                                 absl::StrCat("generation ", master.generation()),
                                 absl::StrCat("workers ", serving, "/", master.worker_processes()),
                                 is_frozen_ ? "FROZEN" : ""},
        std::vector<std::string>{
            absl::StrCat("requests ", RateText(list_.rows().rates().requests)),
            absl::StrCat("p50 ", FormatLatency(list_.rows().rates().p50)),
            absl::StrCat("p99 ", FormatLatency(list_.rows().rates().p99)),
            absl::StrCat("connections ", RateText(list_.rows().rates().connections)),
            absl::StrCat("open ", stats.total().active()),
            absl::StrCat("crashes ", stats.crashes()),
            absl::StrCat("reloads ", stats.reloads(), " (", stats.reloads_refused(),
                         " refused)")}}) {
    for (std::string& line : Flow(parts, width)) lines.push_back({.text = std::move(line)});
  }
  if (std::string generations = GenerationsLine(status_); !generations.empty()) {
    lines.push_back({.text = std::move(generations), .colour = Colour::kDim});
  }
  const std::string dialog = OnOneLine(dialog_.Text());
  if (!dialog.empty()) {
    std::vector<std::string> wrapped = Wrap(dialog, width);
    wrapped.resize(std::min(wrapped.size(), kMostDialogLines));
    for (std::string& line : wrapped) {
      lines.push_back({.text = std::move(line), .colour = dialog_.colour()});
    }
  }
  if (!trouble_.empty()) {
    lines.push_back({.text = absl::StrCat("! ", trouble_), .colour = Colour::kRed});
  } else if (is_typing_filter_ || !list_.filter().empty()) {
    lines.push_back(
        {.text = absl::StrCat("filter: ", list_.filter(), is_typing_filter_ ? "_" : "")});
  } else if (dialog.empty()) {
    lines.push_back({});
  }
  return lines;
}

const v1::Worker* TopView::Selected() const {
  const std::vector<const TopRow*> shown = list_.Shown();
  if (list_.selected() >= shown.size()) return nullptr;
  const auto key = [&](TopColumn column) {
    return shown[list_.selected()]->keys[static_cast<std::size_t>(column)];
  };
  for (const v1::Worker& worker : status_.workers()) {
    if (key(TopColumn::kWorker) != worker.index()) continue;
    if (key(TopColumn::kGeneration) != static_cast<double>(worker.generation())) continue;
    if (key(TopColumn::kSlot) != worker.slot()) continue;
    return &worker;
  }
  return nullptr;
}

std::string TopView::Detail() const {
  const v1::Worker* const worker = Selected();
  if (worker == nullptr) return "";
  if (std::string hang = HangLine(*worker); !hang.empty()) return hang;
  return LastWordsLine(*worker, absl::LocalTimeZone());
}

std::vector<TopLine> TopView::Locks(std::size_t most) const {
  std::vector<TopLine> lines;
  for (std::string& line : locks_.Lines(most)) {
    lines.push_back(
        {.text = std::move(line), .colour = lines.empty() ? Colour::kDim : Colour::kNone});
  }
  return lines;
}

std::vector<TopLine> TopView::Events(std::size_t most) const {
  std::vector<TopLine> lines;
  const std::size_t count = std::min(most, events_.size());
  for (std::size_t i = events_.size() - count; i < events_.size(); ++i) {
    std::string line = EventLine(events_[i], absl::LocalTimeZone());
    line.pop_back();
    // The date is today's.
    lines.push_back({.text = line.substr(line.find(' ') + 1), .colour = ColourOf(events_[i])});
  }
  return lines;
}

std::vector<TopLine> TopView::Help() {
  std::vector<TopLine> lines;
  for (const char* text :
       {"up, down, j, k   select a worker", "<, >, left, right   sort by another column",
        "r   the other way round", "c, m   sort by CPU or memory",
        "/   filter: show rows that have this text; Enter ends it, Esc clears it",
        "space   freeze, and go on",
        "R   restart the selected worker: the new process first; asks y/n",
        "D   drain the selected worker, which is not replaced; asks y/n", "q   quit"}) {
    lines.push_back({.text = text});
  }
  return lines;
}

std::vector<TopLine> TopView::Screen(std::size_t width, std::size_t height) const {
  const std::vector<const TopRow*> shown = list_.Shown();
  // Of all rows, so that columns do not move with the filter.
  std::vector<const TopRow*> rows;
  for (const TopRow& row : list_.rows().rows()) rows.push_back(&row);
  TopColumns columns(rows);
  columns.Fit(width, list_.order());
  std::vector<TopLine> lines = Head(width);
  if (lines.back().text.empty()) lines.back() = {.text = Detail(), .colour = Colour::kYellow};
  lines.push_back(
      {.text = Padded(columns.Titles(list_.order(), list_.is_descending()), width, false),
       .is_reverse = true});
  const std::size_t used = lines.size() + 1;  // and the line of keys
  const std::size_t left = height > used ? height - used : 0;
  std::vector<TopLine> below;
  for (const auto& part : {Locks(std::min(left / 4, kMostLockLines)), Events(left / 3)}) {
    if (part.empty()) continue;
    below.push_back({});
    below.insert(below.end(), part.begin(), part.end());
  }
  const std::size_t room = left - std::min(left, below.size());
  std::vector<TopLine> body;
  if (is_help_shown_) {
    body = Help();
  } else {
    const std::size_t selected = list_.selected();
    const std::size_t first = selected < room || room == 0 ? 0 : selected - room + 1;
    for (std::size_t i = first; i < shown.size() && body.size() < room; ++i) {
      const bool is_selected = i == selected;
      std::string text = columns.LineOf(*shown[i]);
      if (is_selected) text = Padded(text, width, false);
      body.push_back({.text = std::move(text),
                      .colour = ColourOfState(shown[i]->state),
                      .is_reverse = is_selected});
    }
  }
  body.resize(room);
  lines.insert(lines.end(), body.begin(), body.end());
  lines.insert(lines.end(), below.begin(), below.end());
  lines.push_back(
      {.text = "q quit  h help  R restart  D drain  <> sort  r reverse  / filter  space freeze",
       .colour = Colour::kDim});
  lines.resize(height);
  for (TopLine& line : lines) line.text = Cut(OnOneLine(line.text), width);
  return lines;
}

std::string TopView::Text() const {
  const std::vector<const TopRow*> shown = list_.Shown();
  const TopColumns columns(shown);
  std::string text;
  for (const TopLine& line : Head(std::numeric_limits<std::size_t>::max())) {
    if (!line.text.empty()) absl::StrAppend(&text, OnOneLine(line.text), "\n");
  }
  absl::StrAppend(&text, columns.Titles(list_.order(), list_.is_descending()), "\n");
  for (const TopRow* row : shown) absl::StrAppend(&text, columns.LineOf(*row), "\n");
  const std::vector<std::string> locks = locks_.Lines(std::numeric_limits<std::size_t>::max());
  for (const std::string& line : locks) absl::StrAppend(&text, line, "\n");
  absl::StrAppend(&text, RenderHangs(status_.workers()),
                  RenderLastWords(status_.workers(), absl::LocalTimeZone()));
  return text;
}

}  // namespace muster::ctl
