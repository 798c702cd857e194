#include "muster/ctl/text/config_text.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace muster::ctl {
namespace {

namespace v1 = admin::v1;

v1::ActiveConfig Active() {
  v1::ActiveConfig config;
  config.set_text("worker_processes: 2\n");
  config.set_hash("abc");
  config.set_generation(3);
  config.set_file("/srv/m.textproto");
  config.set_file_state(v1::ActiveConfig::SAME);
  return config;
}

TEST(ConfigText, SaysWhereTheConfigurationComesFrom) {
  EXPECT_EQ(RenderConfig(Active()),
            "# generation 3, from /srv/m.textproto\n# sha256 abc\nworker_processes: 2\n");
}

TEST(ConfigText, SaysThatTheFileIsAnotherOne) {
  v1::ActiveConfig config = Active();
  config.set_file_state(v1::ActiveConfig::CHANGED);
  EXPECT_EQ(RenderConfig(config),
            "# generation 3, from /srv/m.textproto; the file was changed since: ctl reload reads "
            "it again\n# sha256 abc\nworker_processes: 2\n");
  config.set_is_from_call(true);
  EXPECT_EQ(RenderConfig(config),
            "# generation 3, came with a call, not from /srv/m.textproto; the file says something "
            "else\n# sha256 abc\nworker_processes: 2\n");
}

TEST(ConfigText, SaysWhyTheFileCannotBeRead) {
  v1::ActiveConfig config = Active();
  config.set_file_state(v1::ActiveConfig::UNREADABLE);
  config.set_file_error("open /srv/m.textproto: No such file or directory");
  EXPECT_EQ(RenderConfig(config),
            "# generation 3, from /srv/m.textproto; open /srv/m.textproto: No such file or "
            "directory\n# sha256 abc\nworker_processes: 2\n");
}

TEST(ConfigText, ListsMistakesWithTheirPlaces) {
  v1::ConfigCheck check;
  v1::ConfigMistake* mistake = check.add_mistakes();
  mistake->set_field("listen");
  mistake->set_line(3);
  mistake->set_column(1);
  mistake->set_description("is empty\x1b");
  check.add_mistakes()->set_description("open m: no");
  EXPECT_EQ(RenderMistakes(check, "m"), "m:3:1: listen: is empty\\x1b\nopen m: no");
}

TEST(ConfigText, SaysWhatWasNotChecked) {
  v1::ConfigCheck check;
  check.add_note("two listen");
  check.add_unchecked("zones");
  check.add_unchecked("limits");
  EXPECT_EQ(RenderGood(check, "m"),
            "note: two listen\nthe configuration m is good; not checked: zones, limits\n");
  check.set_is_in_force(true);
  EXPECT_EQ(RenderGood(check, "m"),
            "note: two listen\nthe configuration m is good, and is in force; not checked: zones, "
            "limits\n");
}

v1::ConfigCheck WithDifferences() {
  v1::ConfigCheck check;
  const auto add = [&check](const char* path, const char* before, const char* after) {
    v1::ConfigDifference* const one = check.add_differences();
    one->set_path(path);
    one->set_before(before);
    one->set_after(after);
    return one;
  };
  add("worker_processes", "2", "4");
  add("log.path", "", "\"/srv/a\\n\"");
  add("accept\x1b", "MUTEX\n+x: y", "");
  add("service.password", "***", "***")->set_is_secret(true);
  add("service.key", "", "***")->set_is_secret(true);
  return check;
}

TEST(ConfigText, HasALineForEachSideOfADifference) {
  EXPECT_EQ(RenderDifferences(WithDifferences(), "in force", "m", false),
            "--- in force\n"
            "+++ m\n"
            "-worker_processes: 2\n"
            "+worker_processes: 4\n"
            "+log.path: \"/srv/a\\n\"\n"
            "-accept\\x1b: MUTEX\\n+x: y\n"
            "-service.password: ***\n"
            "+service.password: ***  # changed\n"
            "+service.key: ***\n");
}

TEST(ConfigText, HasDifferencesInColoursForATerminal) {
  const std::string text = RenderDifferences(WithDifferences(), "in force", "m", true);
  EXPECT_THAT(text, testing::HasSubstr("\x1b[31m-worker_processes: 2\x1b[0m\n"
                                       "\x1b[32m+worker_processes: 4\x1b[0m\n"));
}

TEST(ConfigText, CountsDifferencesThatWereLeftOut) {
  v1::ConfigCheck check = WithDifferences();
  check.set_differences_left_out(7);
  EXPECT_THAT(RenderDifferences(check, "in force", "m", false),
              testing::EndsWith("\nand 7 more\n"));
}

}  // namespace
}  // namespace muster::ctl
