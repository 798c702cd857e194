#include "muster/ctl/top/top_view.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "muster/ctl/text/event_text.h"
#include "muster/ctl/text/hang_text.h"
#include "muster/ctl/text/last_words_text.h"
#include "muster/ctl/text/latency.h"
#include "muster/ctl/text/printable.h"
#include "muster/ctl/text/units.h"
#include "muster/ctl/top/top_generations.h"
#include "muster/proto/counted.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

constexpr std::size_t kMostEvents = 50;
constexpr std::size_t kMostLockLines = 6;
constexpr std::size_t kPage = 10;

// As table.cc counts: code points.
std::size_t Width(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

// One line that cannot command the terminal.
std::string OnOneLine(absl::string_view text) {
  return Printable(absl::StrReplaceAll(text, {{"\n", " "}, {"\t", " "}}));
}

// The first `width` code points.
std::string Cut(absl::string_view text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) == 0x80) continue;
    if (seen++ == width) return std::string(text.substr(0, i));
  }
  return std::string(text);
}

std::string Padded(const std::string& text, std::size_t width, bool is_right) {
  const std::size_t own = Width(text);
  const std::string padding(width > own ? width - own : 0, ' ');
  return is_right ? padding + text : text + padding;
}

// The parts on as few lines as it takes, and at least one; a part stays whole. Empty ones are left
// out.
std::vector<std::string> Flow(const std::vector<std::string>& parts, std::size_t width) {
  std::vector<std::string> lines = {""};
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    if (lines.back().empty()) {
      lines.back() = part;
    } else if (Width(lines.back()) + 2 + Width(part) <= width) {
      absl::StrAppend(&lines.back(), "  ", part);
    } else {
      lines.push_back(part);
    }
  }
  return lines;
}

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

constexpr std::size_t kBetweenColumns = 2;
// Of a request its beginning is worth showing.
constexpr std::size_t kLeastRequestWidth = 20;

// Which columns a narrow screen shows: those that come first here.
constexpr std::array kByImportance = {TopColumn::kWorker,      TopColumn::kState,
                                      TopColumn::kRequestRate, TopColumn::kP99,
                                      TopColumn::kCpu,         TopColumn::kP50,
                                      TopColumn::kMemory,      TopColumn::kActive,
                                      TopColumn::kPid,         TopColumn::kConnectionRate,
                                      TopColumn::kAge,         TopColumn::kGeneration,
                                      TopColumn::kRequest,     TopColumn::kRequests,
                                      TopColumn::kRestarts,    TopColumn::kSlot};
static_assert(kByImportance.size() == kTopColumns);

// Of all columns, the widths that their titles and cells need.
std::array<std::size_t, kTopColumns> WidthsOf(const std::vector<const TopRow*>& rows) {
  std::array<std::size_t, kTopColumns> widths;
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    // Room for the mark of the order, so that columns do not move with it.
    widths[i] = Width(TopRows::TitleOf(static_cast<TopColumn>(i))) + 1;
    for (const TopRow* row : rows) widths[i] = std::max(widths[i], Width(row->cells[i]));
  }
  return widths;
}

// A width of 0: the column is not shown. That by which rows are sorted is.
std::array<std::size_t, kTopColumns> Fitting(std::array<std::size_t, kTopColumns> widths,
                                             std::size_t screen, TopColumn order) {
  const auto needed = [&](TopColumn column) {
    const std::size_t width = widths[static_cast<std::size_t>(column)];
    return kBetweenColumns +
           (column == TopColumn::kRequest ? std::min(width, kLeastRequestWidth) : width);
  };
  std::size_t used = needed(order);
  for (const TopColumn column : kByImportance) {
    if (column == order) continue;
    // There is nothing between columns before the first.
    if (used + needed(column) <= screen + kBetweenColumns) {
      used += needed(column);
    } else {
      widths[static_cast<std::size_t>(column)] = 0;
    }
  }
  return widths;
}

std::string LineOf(const TopRow& row, const std::array<std::size_t, kTopColumns>& widths) {
  std::string line;
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    if (widths[i] == 0) continue;
    if (!line.empty()) line += std::string(kBetweenColumns, ' ');
    line += Padded(row.cells[i], widths[i], TopRows::IsNumber(static_cast<TopColumn>(i)));
  }
  return OnOneLine(line);
}

}  // namespace

TopView::TopView(std::string master) : master_(std::move(master)) {}

void TopView::TakeStatus(const v1::Status& status, absl::Duration now) {
  if (is_frozen_) return;
  KeepSelection([&] {
    status_ = status;
    rows_.Take(status, now);
  });
}

void TopView::TakeEvent(const v1::Event& event) {
  std::deque<v1::Event>& events = is_frozen_ ? held_back_ : events_;
  events.push_back(event);
  if (events.size() > kMostEvents) events.pop_front();
}

void TopView::TakeLocks(const v1::ListLocksResponse& locks, absl::Duration now) {
  if (!is_frozen_) locks_.Take(locks, now);
}

void TopView::KeepSelection(const std::function<void()>& change) {
  const auto id_of = [](const TopRow& row) {
    return std::pair(row.keys[static_cast<std::size_t>(TopColumn::kGeneration)],
                     row.keys[static_cast<std::size_t>(TopColumn::kWorker)]);
  };
  std::optional<std::pair<double, double>> id;
  // The first row is where the selection is if nobody has moved it.
  if (const auto before = Shown(); selected_ > 0 && selected_ < before.size()) {
    id = id_of(*before[selected_]);
  }
  change();
  const auto after = Shown();
  for (std::size_t i = 0; id.has_value() && i < after.size(); ++i) {
    if (id_of(*after[i]) == *id) {
      selected_ = i;
      return;
    }
  }
  selected_ = std::min(selected_, after.empty() ? 0 : after.size() - 1);
}

void TopView::Press(Key key) {
  const std::size_t shown = Shown().size();
  const std::size_t last = shown == 0 ? 0 : shown - 1;
  const auto column = static_cast<std::size_t>(order_);
  switch (key) {
    case Key::kUp:
      selected_ -= std::min<std::size_t>(selected_, 1);
      break;
    case Key::kDown:
      selected_ = std::min(selected_ + 1, last);
      break;
    case Key::kPageUp:
      selected_ -= std::min(selected_, kPage);
      break;
    case Key::kPageDown:
      selected_ = std::min(selected_ + kPage, last);
      break;
    case Key::kLeft:
      KeepSelection(
          [&] { order_ = static_cast<TopColumn>((column + kTopColumns - 1) % kTopColumns); });
      break;
    case Key::kRight:
      KeepSelection([&] { order_ = static_cast<TopColumn>((column + 1) % kTopColumns); });
      break;
    case Key::kEnter:
      is_typing_filter_ = false;
      is_help_shown_ = false;
      break;
    case Key::kEscape:
      if (is_typing_filter_ || !is_help_shown_) filter_.clear();
      is_typing_filter_ = false;
      is_help_shown_ = false;
      break;
    case Key::kBackspace:
      if (is_typing_filter_ && !filter_.empty()) filter_.pop_back();
      break;
    case Key::kInterrupt:
      is_over_ = true;
      break;
  }
}

void TopView::Type(char character) {
  if (is_typing_filter_) {
    if (absl::ascii_isprint(static_cast<unsigned char>(character))) filter_ += character;
    selected_ = 0;
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
      KeepSelection([&] { is_descending_ = !is_descending_; });
      break;
    case 'c':
    case 'm':
      KeepSelection([&] {
        order_ = character == 'c' ? TopColumn::kCpu : TopColumn::kMemory;
        is_descending_ = true;
      });
      break;
    case '/':
      is_typing_filter_ = true;
      filter_.clear();
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
    case 'h':
    case '?':
      is_help_shown_ = !was_help_shown;
      break;
    default:
      break;
  }
}

std::vector<const TopRow*> TopView::Shown() const {
  std::vector<const TopRow*> shown;
  const std::string wanted = absl::AsciiStrToLower(filter_);
  for (const TopRow& row : rows_.rows()) {
    const bool is_wanted =
        wanted.empty() || std::any_of(row.cells.begin(), row.cells.end(), [&](const auto& cell) {
          return absl::StrContains(absl::AsciiStrToLower(cell), wanted);
        });
    if (is_wanted) shown.push_back(&row);
  }
  const auto column = static_cast<std::size_t>(order_);
  std::stable_sort(shown.begin(), shown.end(), [&](const TopRow* one, const TopRow* other) {
    if (order_ == TopColumn::kState) {
      return is_descending_ ? one->cells[column] > other->cells[column]
                            : one->cells[column] < other->cells[column];
    }
    return is_descending_ ? one->keys[column] > other->keys[column]
                          : one->keys[column] < other->keys[column];
  });
  return shown;
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
        std::vector<std::string>{absl::StrCat("requests ", RateText(rows_.rates().requests)),
                                 absl::StrCat("p50 ", FormatLatency(rows_.rates().p50)),
                                 absl::StrCat("p99 ", FormatLatency(rows_.rates().p99)),
                                 absl::StrCat("connections ", RateText(rows_.rates().connections)),
                                 absl::StrCat("open ", stats.total().active()),
                                 absl::StrCat("crashes ", stats.crashes()),
                                 absl::StrCat("reloads ", stats.reloads(), " (",
                                              stats.reloads_refused(), " refused)")}}) {
    for (std::string& line : Flow(parts, width)) lines.push_back({.text = std::move(line)});
  }
  if (std::string generations = GenerationsLine(status_); !generations.empty()) {
    lines.push_back({.text = std::move(generations), .colour = Colour::kDim});
  }
  if (!trouble_.empty()) {
    lines.push_back({.text = absl::StrCat("! ", trouble_), .colour = Colour::kRed});
  } else if (is_typing_filter_ || !filter_.empty()) {
    lines.push_back({.text = absl::StrCat("filter: ", filter_, is_typing_filter_ ? "_" : "")});
  } else {
    lines.push_back({});
  }
  return lines;
}

std::string TopView::Detail() const {
  const std::vector<const TopRow*> shown = Shown();
  if (selected_ >= shown.size()) return "";
  const auto key = [&](TopColumn column) {
    return shown[selected_]->keys[static_cast<std::size_t>(column)];
  };
  for (const v1::Worker& worker : status_.workers()) {
    if (key(TopColumn::kWorker) != worker.index()) continue;
    if (key(TopColumn::kGeneration) != static_cast<double>(worker.generation())) continue;
    if (std::string hang = HangLine(worker); !hang.empty()) return hang;
    return LastWordsLine(worker, absl::LocalTimeZone());
  }
  return "";
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
        "space   freeze, and go on", "q   quit"}) {
    lines.push_back({.text = text});
  }
  return lines;
}

std::string TopView::Titles(const std::array<std::size_t, kTopColumns>& widths) const {
  std::string line;
  for (std::size_t i = 0; i < kTopColumns; ++i) {
    if (widths[i] == 0) continue;
    const auto column = static_cast<TopColumn>(i);
    const char* mark = column != order_ ? "" : is_descending_ ? "-" : "+";
    if (!line.empty()) line += std::string(kBetweenColumns, ' ');
    line +=
        Padded(absl::StrCat(mark, TopRows::TitleOf(column)), widths[i], TopRows::IsNumber(column));
  }
  return line;
}

std::vector<TopLine> TopView::Screen(std::size_t width, std::size_t height) const {
  const std::vector<const TopRow*> shown = Shown();
  // Of all rows, so that columns do not move with the filter.
  std::vector<const TopRow*> rows;
  for (const TopRow& row : rows_.rows()) rows.push_back(&row);
  const auto widths = Fitting(WidthsOf(rows), width, order_);
  std::vector<TopLine> lines = Head(width);
  if (lines.back().text.empty()) lines.back() = {.text = Detail(), .colour = Colour::kYellow};
  lines.push_back({.text = Padded(Titles(widths), width, false), .is_reverse = true});
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
    const std::size_t first = selected_ < room || room == 0 ? 0 : selected_ - room + 1;
    for (std::size_t i = first; i < shown.size() && body.size() < room; ++i) {
      const bool is_selected = i == selected_;
      std::string text = LineOf(*shown[i], widths);
      if (is_selected) text = Padded(text, width, false);
      body.push_back({.text = std::move(text),
                      .colour = ColourOfState(shown[i]->state),
                      .is_reverse = is_selected});
    }
  }
  body.resize(room);
  lines.insert(lines.end(), body.begin(), body.end());
  lines.insert(lines.end(), below.begin(), below.end());
  lines.push_back({.text = "q quit  <> sort  r reverse  / filter  space freeze  h help",
                   .colour = Colour::kDim});
  lines.resize(height);
  for (TopLine& line : lines) line.text = Cut(OnOneLine(line.text), width);
  return lines;
}

std::string TopView::Text() const {
  const std::vector<const TopRow*> shown = Shown();
  const auto widths = WidthsOf(shown);
  std::string text;
  for (const TopLine& line : Head(std::numeric_limits<std::size_t>::max())) {
    if (!line.text.empty()) absl::StrAppend(&text, OnOneLine(line.text), "\n");
  }
  absl::StrAppend(&text, Titles(widths), "\n");
  for (const TopRow* row : shown) absl::StrAppend(&text, LineOf(*row, widths), "\n");
  const std::vector<std::string> locks = locks_.Lines(std::numeric_limits<std::size_t>::max());
  for (const std::string& line : locks) absl::StrAppend(&text, line, "\n");
  absl::StrAppend(&text, RenderHangs(status_.workers()),
                  RenderLastWords(status_.workers(), absl::LocalTimeZone()));
  return text;
}

}  // namespace muster::ctl
