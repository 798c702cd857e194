#include "muster/ctl/command/command_table.h"

#include <algorithm>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/ctl/command/command.h"

namespace muster::ctl {
namespace {

using ::testing::HasSubstr;

TEST(CommandTable, HasEachCommandOnce) {
  std::set<std::string> names;
  for (const Command* command : Commands().commands)
    EXPECT_TRUE(names.insert(command->name).second);
}

TEST(CommandTable, HasCommandsThatEachDoOneThing) {
  for (const Command* command : Commands().commands) {
    EXPECT_EQ((command->ask != nullptr) + (command->order != nullptr) + (command->run != nullptr),
              1)
        << command->name;
  }
}

TEST(CommandTable, HasExamplesOfEachCommandThatNameIt) {
  for (const Command* command : Commands().commands) {
    const std::string details = command->details;
    const std::size_t examples = details.find("Examples:\n  ");
    ASSERT_NE(examples, details.npos) << command->name;
    EXPECT_THAT(details.substr(examples), HasSubstr(command->name));
  }
}

TEST(CommandTable, HasTheGroupOfEachCommandOfTwoWords) {
  std::set<std::string> groups;
  for (const CommandGroup& group : Commands().groups) groups.insert(group.name);
  for (const Command* command : Commands().commands) {
    const std::string name = command->name;
    const std::size_t space = name.find(' ');
    if (space == name.npos) continue;
    EXPECT_TRUE(groups.count(name.substr(0, space))) << name;
    EXPECT_EQ(name.find(' ', space + 1), name.npos) << name;
  }
}

TEST(CommandTable, HasValuesForOptionsAndSummariesForAll) {
  for (const Command* command : Commands().commands) {
    for (const Parameter& parameter : command->parameters) {
      const std::string what = std::string(command->name) + " " + parameter.name;
      EXPECT_STRNE(parameter.summary, "") << what;
      const bool has_value = parameter.name[0] == '-' && parameter.kind != Parameter::Kind::kFlag;
      EXPECT_EQ(parameter.value[0] != '\0', has_value) << what;
    }
  }
}

TEST(CommandTable, HasWatchForQuestionsWithTheOption) {
  for (const Command* command : Commands().commands) {
    const bool has_option = std::any_of(
        command->parameters.begin(), command->parameters.end(),
        [](const Parameter& parameter) { return parameter.name == std::string("-w,--watch"); });
    EXPECT_EQ(command->watch != nullptr, has_option) << command->name;
    EXPECT_TRUE(command->watch == nullptr || command->ask != nullptr) << command->name;
  }
}

}  // namespace
}  // namespace muster::ctl
