// The manual page and the completions, in the programs that read them.

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/command/command.h"
#include "muster/ctl/command/command_table.h"
#include "muster/ctl/testing/run_ctl.h"

namespace muster::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Runs a shell's command with the programs of the machine. `script` finds ctl in $PATH.
std::string OutputOf(const std::string& shell, const std::string& script) {
  const std::string file = ::testing::TempDir() + "/output";
  const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
  const std::string folder = std::filesystem::absolute("ctl").string();
  Wait(Spawn({shell, "-c", script},
             {"PATH=" + folder + ":/usr/bin:/bin", "XDG_CONFIG_HOME=" + ::testing::TempDir()}, fd,
             fd));
  std::string text = Contents(fd);
  ::close(fd);
  return text;
}

bool IsThere(const std::string& program) {
  if (::access(program.c_str(), X_OK) == 0) return true;
  std::cerr << "skipped: " << program << " is not installed\n";
  return false;
}

// What bash offers at the end of `line`, which has no quotes. Bash separates its words at spaces,
// and at ':' and '=', which are words, too.
std::string BashOffers(const std::string& line) {
  return OutputOf("/bin/bash", absl::StrCat("source <(ctl completion bash)\n"
                                            "line='",
                                            line,
                                            "'\n"
                                            "COMP_LINE=$line\n"
                                            "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\n"
                                            "spaced=$(sed 's/[:=]/ & /g' <<<\"$line\")\n"
                                            "IFS=' ' read -ra COMP_WORDS <<<\"$spaced\"\n"
                                            "[[ $line != *' ' ]] || COMP_WORDS+=('')\n"
                                            "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
                                            "_ctl\n"
                                            "printf '%s ' \"${COMPREPLY[@]}\"\n"));
}

TEST(BashCompletion, OffersCommandsAndOptions) {
  EXPECT_EQ(BashOffers("ctl rel"), "reload ");
  EXPECT_THAT(BashOffers("ctl "), AllOf(HasSubstr("status "), HasSubstr("events ")));
  EXPECT_EQ(BashOffers("ctl events --fo"), "--follow ");
  EXPECT_EQ(BashOffers("ctl --ti"), "--timeout ");
  EXPECT_EQ(BashOffers("ctl -m x --timeout 5s sta"), "status stats ");
}

TEST(BashCompletion, OffersValues) {
  EXPECT_EQ(BashOffers("ctl -o "), "table json ");
  EXPECT_EQ(BashOffers("ctl events --kind worker-c"), "worker-crashed ");
  EXPECT_EQ(BashOffers("ctl completion f"), "fish ");
}

TEST(BashCompletion, OffersTheNamesOfMasters) {
  std::filesystem::create_directories(::testing::TempDir() + "/muster");
  std::ofstream(::testing::TempDir() + "/muster/ctl.textproto")
      << "master { name: \"web-one\" address: \"unix:/a\" }";
  EXPECT_EQ(BashOffers("ctl -m web-"), "web-one ");
}

TEST(BashCompletion, TakesWordsWithColonsAndEqualSignsForOne) {
  EXPECT_EQ(BashOffers("ctl -m unix:/a rel"), "reload ");
  EXPECT_EQ(BashOffers("ctl -m a:1 events --kind worker-c"), "worker-crashed ");
  EXPECT_EQ(BashOffers("ctl --output=js"), "json ");
  EXPECT_EQ(BashOffers("ctl --output=json rel"), "reload ");
}

TEST(BashCompletion, OffersFilesWhateverTheirNames) {
  const std::string folder = ::testing::TempDir() + "/files";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/next one.textproto").close();
  const std::string file = folder + "/next one.textproto ";
  EXPECT_EQ(BashOffers("ctl config check " + folder + "/next"), file);
  EXPECT_EQ(BashOffers("ctl -m unix:" + folder + "/ne"), file);
  // One offer, not two.
  EXPECT_THAT(OutputOf("/bin/bash", "source <(ctl completion bash)\ncur=" + folder +
                                        "/\n_ctl_files $cur\necho ${#COMPREPLY[@]}\n"),
              "1\n");
}

// Two masters whose names begin with "web-", in the configuration of the shells.
void NameTwoMasters() {
  std::filesystem::create_directories(::testing::TempDir() + "/muster");
  std::ofstream(::testing::TempDir() + "/muster/ctl.textproto")
      << "master { name: \"web-one\" address: \"unix:/a\" }"
      << "master { name: \"web-two\" address: \"unix:/b\" }";
}

TEST(BashCompletion, OffersTheRestOfAListAfterEachComma) {
  NameTwoMasters();
  EXPECT_EQ(BashOffers("ctl -m web-one,web-t"), "web-one,web-two ");
  EXPECT_EQ(BashOffers("ctl events --kind log,worker-c"), "log,worker-crashed ");
  EXPECT_EQ(BashOffers("ctl events --kind=log,call,worker-c"), "log,call,worker-crashed ");
}

// What an interactive zsh makes of `line` when Tab is typed.
std::string ZshCompletes(const std::string& line) {
  return OutputOf(
      "/usr/bin/zsh",
      absl::StrCat("zmodload zsh/zpty\n"
                   "export TERM=dumb\n"
                   "zpty shell zsh -f -i\n"
                   "zpty -w shell 'PS1=; unsetopt zle_bracketed_paste 2>/dev/null; '\\\n"
                   "'autoload -Uz compinit; compinit -u -D; '\\\n"
                   "'source <(ctl completion zsh); '\\\n"
                   "'show() { print -r -- \"<<$BUFFER>>\"; BUFFER= }; '\\\n"
                   "'zle -N show; bindkey ^G show; echo rea\\dy'\n"
                   "zpty -r shell out '*ready*'\n"
                   "zpty -n -w shell $'",
                   line,
                   "\t\a'\n"
                   "zpty -r shell out '*<<*>>*'\n"
                   "out=${out##*<<}\n"
                   "print -r -- \"${out%%>>*}|\"\n"));
}

TEST(ZshCompletion, CompletesCommandsAndValues) {
  if (!IsThere("/usr/bin/zsh")) GTEST_SKIP();
  EXPECT_EQ(ZshCompletes("ctl relo"), "ctl reload |\n");
  EXPECT_EQ(ZshCompletes("ctl config di"), "ctl config diff |\n");
  EXPECT_EQ(ZshCompletes("ctl -o js"), "ctl -o json |\n");
  EXPECT_EQ(ZshCompletes("ctl --output=js"), "ctl --output=json |\n");
}

TEST(ZshCompletion, CompletesTheRestOfAListAfterEachComma) {
  if (!IsThere("/usr/bin/zsh")) GTEST_SKIP();
  NameTwoMasters();
  EXPECT_EQ(ZshCompletes("ctl -m web-one,web-t"), "ctl -m web-one,web-two |\n");
  EXPECT_EQ(ZshCompletes("ctl --master=web-one,web-t"), "ctl --master=web-one,web-two |\n");
  EXPECT_EQ(ZshCompletes("ctl events --kind log,worker-c"),
            "ctl events --kind log,worker-crashed |\n");
}

TEST(ZshCompletion, IsAScript) {
  EXPECT_THAT(RunCtl({"completion", "zsh"}).out, HasSubstr("#compdef ctl\n"));
  if (!IsThere("/usr/bin/zsh")) GTEST_SKIP();
  EXPECT_THAT(OutputOf("/usr/bin/zsh", "ctl completion zsh | zsh -n"), IsEmpty());
}

TEST(FishCompletion, IsAScript) {
  EXPECT_THAT(RunCtl({"completion", "fish"}).out,
              HasSubstr("complete -c ctl -n '__fish_use_subcommand' -a reload -d "));
  if (!IsThere("/usr/bin/fish")) GTEST_SKIP();
  EXPECT_EQ(OutputOf("/usr/bin/fish", "ctl completion fish | source; complete -C 'ctl relo'"),
            "reload\tRead the configuration again and replace all workers\n");
}

std::string FishOffers(const std::string& line) {
  return OutputOf("/usr/bin/fish", absl::StrCat("ctl completion fish | source; complete -C '", line,
                                                "' | string replace -r '\\t.*' ''"));
}

TEST(FishCompletion, OffersTheRestOfAListAfterEachComma) {
  if (!IsThere("/usr/bin/fish")) GTEST_SKIP();
  NameTwoMasters();
  EXPECT_EQ(FishOffers("ctl -m web-t"), "web-two\n");
  EXPECT_EQ(FishOffers("ctl -m web-one,web-t"), "web-one,web-two\n");
  EXPECT_EQ(FishOffers("ctl --master=web-one,web-t"), "--master=web-one,web-two\n");
  EXPECT_EQ(FishOffers("ctl events --kind log,worker-c"), "log,worker-crashed\n");
  EXPECT_EQ(FishOffers("ctl --output js"), "json\n");
}

TEST(FishCompletion, OffersFilesForMastersAndConfigurations) {
  if (!IsThere("/usr/bin/fish")) GTEST_SKIP();
  const std::string folder = ::testing::TempDir() + "/files";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/admin.sock").close();
  EXPECT_EQ(FishOffers("ctl -m " + folder + "/adm"), folder + "/admin.sock\n");
  EXPECT_EQ(FishOffers("ctl config diff " + folder + "/adm"), folder + "/admin.sock\n");
  EXPECT_EQ(FishOffers("ctl reload --config " + folder + "/adm"), folder + "/admin.sock\n");
}

TEST(ManPage, HasEachCommandAndNothingThatGroffWarnsOf) {
  const std::string page = RunCtl({"man"}).out;
  for (const Command* command : Commands().commands) {
    EXPECT_THAT(page, HasSubstr(".SS \"ctl " + absl::StrReplaceAll(command->name, {{"-", "\\-"}})));
  }
  EXPECT_THAT(page, HasSubstr("or to end (ready, drained).\n"));
  if (!IsThere("/usr/bin/groff")) GTEST_SKIP();
  EXPECT_THAT(OutputOf("/bin/sh", "ctl man | groff -man -ww -z -Tutf8"), IsEmpty());
  EXPECT_THAT(OutputOf("/bin/sh", "ctl man | groff -man -Tascii -P-cbou"),
              AllOf(HasSubstr("EXIT STATUS"), HasSubstr("ctl call ID"), HasSubstr("--follow"),
                    Not(HasSubstr("\\-"))));
}

}  // namespace
}  // namespace muster::ctl
