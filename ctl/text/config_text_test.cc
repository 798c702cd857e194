#include "muster/ctl/text/config_text.h"

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

}  // namespace
}  // namespace muster::ctl
