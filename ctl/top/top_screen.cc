#include "muster/ctl/top/top_screen.h"

// Functions instead of macros, which have the names of other things.
#define NCURSES_NOMACROS
#include <curses.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "muster/ctl/text/colour.h"
#include "muster/ipc/base/status.h"

namespace muster::ctl {
namespace {

constexpr int kNoKey = -1;
constexpr int kInterrupt = 3;  // Ctrl-C
constexpr int kEscapeDelayMs = 50;

// The terminal in the state for a screen, until the destructor.
class Screen {
 public:
  explicit Screen(SCREEN* screen, bool has_colours) : screen_(screen), has_colours_(has_colours) {
    ::set_term(screen_);
    ::set_escdelay(kEscapeDelayMs);
    ::cbreak();
    ::noecho();
    ::nonl();
    TakeInterruptAsKey();
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    ::curs_set(0);
    if (!has_colours_ || !::has_colors()) {
      has_colours_ = false;
      return;
    }
    ::start_color();
    ::use_default_colors();
    ::init_pair(1, COLOR_RED, -1);
    ::init_pair(2, COLOR_YELLOW, -1);
    ::init_pair(3, COLOR_GREEN, -1);
  }
  ~Screen() {
    ::endwin();
    ::delscreen(screen_);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void Draw(const TopView& view) {
    const int height = std::max(::getmaxy(stdscr), 0);
    const int width = std::max(::getmaxx(stdscr), 0);
    const std::vector<TopLine> lines = view.Screen(width, height);
    ::werase(stdscr);
    for (int i = 0; i < height; ++i) {
      const attr_t attributes = AttributesOf(lines[i]);
      ::wattron(stdscr, static_cast<int>(attributes));
      ::mvwaddstr(stdscr, i, 0, lines[i].text.c_str());
      ::wattroff(stdscr, static_cast<int>(attributes));
    }
    ::wrefresh(stdscr);
  }

 private:
  // Ctrl-C ends ctl as q does, by no signal. (raw() would take Ctrl-Z as well.)
  static void TakeInterruptAsKey() {
    termios modes = {};
    if (::tcgetattr(STDIN_FILENO, &modes) == -1) return;
    modes.c_cc[VINTR] = _POSIX_VDISABLE;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
    ::def_prog_mode();
  }

  attr_t AttributesOf(const TopLine& line) const {
    attr_t attributes = line.is_reverse ? A_REVERSE : A_NORMAL;
    switch (line.colour) {
      case Colour::kRed:
        return attributes | (has_colours_ ? COLOR_PAIR(1) : A_BOLD);
      case Colour::kYellow:
        return attributes | (has_colours_ ? COLOR_PAIR(2) : A_BOLD);
      case Colour::kGreen:
        return attributes | (has_colours_ ? COLOR_PAIR(3) : A_NORMAL);
      case Colour::kDim:
        return attributes | A_DIM;
      case Colour::kNone:
        break;
    }
    return attributes;
  }

  SCREEN* screen_;
  bool has_colours_;
};

// Empty: a character, or no key.
std::optional<TopView::Key> KeyOf(int code) {
  switch (code) {
    case kInterrupt:
      return TopView::Key::kInterrupt;
    case KEY_UP:
      return TopView::Key::kUp;
    case KEY_DOWN:
      return TopView::Key::kDown;
    case KEY_PPAGE:
      return TopView::Key::kPageUp;
    case KEY_NPAGE:
      return TopView::Key::kPageDown;
    case KEY_LEFT:
      return TopView::Key::kLeft;
    case KEY_RIGHT:
      return TopView::Key::kRight;
    case KEY_ENTER:
    case '\r':
    case '\n':
      return TopView::Key::kEnter;
    case 27:
      return TopView::Key::kEscape;
    case KEY_BACKSPACE:
    case 127:
    case 8:
      return TopView::Key::kBackspace;
    case KEY_RESIZE:  // no key: the window has a new size
      return std::nullopt;
    default:
      return code < 256 ? std::nullopt : std::optional(TopView::Key::kOther);
  }
}

void TakeKeys(TopView& view) {
  for (int code = ::wgetch(stdscr); code != kNoKey; code = ::wgetch(stdscr)) {
    if (const auto key = KeyOf(code)) {
      view.Press(*key);
    } else if (code < 256) {
      view.Type(static_cast<char>(code));
    }
    // Any other, as that of a new size, has the screen drawn again.
  }
}

}  // namespace

bool IsScreenThere() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && terminal != nullptr &&
         std::string(terminal) != "dumb";
}

absl::Status ShowTop(TopFeed& feed, TopSender& sender, TopView& view) {
  std::setlocale(LC_CTYPE, "");
  SCREEN* terminal = ::newterm(nullptr, stdout, stdin);
  if (terminal == nullptr) return absl::NotFoundError("the terminal is of an unknown kind");
  Screen screen(terminal, ShowsColours(STDOUT_FILENO));
  while (!view.is_over()) {
    screen.Draw(view);
    pollfd readable[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                         {.fd = feed.fd(), .events = POLLIN, .revents = 0},
                         {.fd = sender.fd(), .events = POLLIN, .revents = 0}};
    // A signal interrupts it: the window's size has changed.
    if (::poll(readable, std::size(readable), -1) == -1 && errno != EINTR)
      return ipc::ErrnoStatus("poll");
    // The terminal is gone.
    if ((readable[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return absl::OkStatus();
    TakeKeys(view);
    if (const auto order = view.TakeOrder()) sender.Send(*order);
    if (const auto outcome = sender.Take()) view.TakeOutcome(*outcome);
    TopNews news = feed.Take();
    if (news.status.has_value()) view.TakeStatus(*news.status, news.taken);
    if (news.locks.has_value()) view.TakeLocks(*news.locks, news.locks_taken);
    for (const auto& event : news.events) view.TakeEvent(event);
    view.SetTrouble(std::string(news.trouble.message()));
  }
  if (const auto& order = view.order_under_way()) {
    return absl::DeadlineExceededError(
        absl::StrCat(order->Text(), ": top has ended before its outcome came; ask ctl calls"));
  }
  return absl::OkStatus();
}

}  // namespace muster::ctl
