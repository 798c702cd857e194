#include "muster/listen/socket_rights.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "muster/master/process/answer_of_child.h"
#include "muster/proto/field_error.h"

namespace muster::listen {
namespace {

struct Mistake {
  std::string field;
  std::string problem;
};

Mistake MistakeIn(const std::string& mode, const std::string& owner, const std::string& group) {
  const auto rights = FindSocketRights(mode, owner, group, "listen[0]");
  EXPECT_FALSE(rights.ok());
  return {config::FieldOf(rights.status()), std::string(rights.status().message())};
}

TEST(SocketRights, HaveAModeInOctal) {
  EXPECT_EQ(*ParseSocketMode("0660"), 0660u);
  EXPECT_EQ(*ParseSocketMode("600"), 0600u);
  EXPECT_EQ(*ParseSocketMode("0000"), 0u);
  EXPECT_EQ(*ParseSocketMode("0777"), 0777u);
}

TEST(SocketRights, RefuseAModeThatIsNone) {
  for (const char* text : {"", "0", "66", "0680", "1777", "4755", "00660", "rw", "u=rw", "-660"}) {
    EXPECT_EQ(ParseSocketMode(text).status().message(),
              absl::StrCat("\"", text,
                           "\" is no mode of a file; write it in octal, from \"0000\" to "
                           "\"0777\", for example \"0660\""));
  }
}

TEST(SocketRights, AreTheMastersAloneByDefault) {
  const auto rights = FindSocketRights("", "", "", "listen[0]");
  ASSERT_TRUE(rights.ok()) << rights.status();
  EXPECT_EQ(*rights, SocketRights());
  EXPECT_EQ(rights->mode, 0600u);
}

TEST(SocketRights, FindUsersAndGroupsByNameAndByNumber) {
  const passwd* user = ::getpwuid(::geteuid());
  const group* own_group = ::getgrgid(::getegid());
  ASSERT_TRUE(user != nullptr && own_group != nullptr);
  const auto by_name = FindSocketRights("", user->pw_name, own_group->gr_name, "listen[0]");
  ASSERT_TRUE(by_name.ok()) << by_name.status();
  EXPECT_EQ(by_name->owner, ::geteuid());
  EXPECT_EQ(by_name->group, ::getegid());
  EXPECT_EQ(*by_name, *FindSocketRights("", absl::StrCat(::geteuid()), absl::StrCat(::getegid()),
                                        "listen[0]"));
}

TEST(SocketRights, NameTheFieldOfAMistake) {
  EXPECT_EQ(MistakeIn("99", "", "").field, "listen[0].mode");
  const Mistake owner = MistakeIn("", "no-such-user", "");
  EXPECT_EQ(owner.field, "listen[0].owner");
  EXPECT_EQ(owner.problem, "\"no-such-user\" is no user of this machine; write a name or a number");
  const Mistake group = MistakeIn("", "", "no-such-group");
  EXPECT_EQ(group.field, "listen[0].group");
  EXPECT_EQ(group.problem,
            "\"no-such-group\" is no group of this machine; write a name or a number");
  EXPECT_EQ(MistakeIn("", "4294967295", "").problem,
            "\"4294967295\" is no number of a user; the largest is 4294967294");
}

TEST(SocketRights, TellWhoMayNotBeGivenAFile) {
  const std::string answer = master::AnswerOfChild([] {
    // In a sandbox whose only user is root this fails, as the giving does.
    (void)::setresuid(65534, 65534, 65534);
    const Mistake mistake = MistakeIn("", "1", "");
    return absl::StrCat(mistake.field, ": ", mistake.problem);
  });
  EXPECT_THAT(answer, testing::StartsWith("listen[0].owner: give a file to user \"1\": "));
}

}  // namespace
}  // namespace muster::listen
