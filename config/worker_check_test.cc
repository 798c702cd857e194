#include "muster/config/worker_check.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> MistakesIn(const std::string& text) {
  v1::Config config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config));
  std::vector<FieldMistake> mistakes;
  CheckWorkers(config, mistakes);
  std::vector<std::string> texts;
  for (const auto& [field, problem] : mistakes) texts.push_back(absl::StrCat(field, ": ", problem));
  return texts;
}

TEST(WorkerCheck, FindsNothingWrongInWhatIsUsual) {
  EXPECT_THAT(MistakesIn("cpu_affinity: ['0-3,8', '4'] working_directory: '/' "
                         "environment { name: 'A' value: 'x=y' } environment { name: 'B' }"),
              IsEmpty());
  EXPECT_THAT(MistakesIn("cpu_affinity: 'AUTO'"), IsEmpty());
}

TEST(WorkerCheck, WantsNamesOfVariablesThatCanBe) {
  EXPECT_THAT(MistakesIn("environment { name: 'A=B' } environment { name: 'C' value: 'x\\0y' } "
                         "environment { name: 'C' }"),
              ElementsAre("environment[0].name: \"A=B\" cannot be the name of a variable: it has "
                          "\"=\" or a zero byte",
                          "environment[1].value: has a zero byte, which a variable cannot have",
                          "environment[2].name: \"C\" is environment[1]'s already"));
}

TEST(WorkerCheck, WantsListsOfCpusOrAutoAlone) {
  EXPECT_THAT(MistakesIn("cpu_affinity: ['AUTO', '1-']"),
              ElementsAre("cpu_affinity[0]: \"AUTO\" is for all workers; give it alone",
                          "cpu_affinity[1]: \"1-\" is no list of CPUs; write \"0-3,8\", or "
                          "\"AUTO\" for one of each worker"));
}

TEST(WorkerCheck, WantsAFolderThatIsThere) {
  EXPECT_THAT(MistakesIn("working_directory: '/etc/passwd'"),
              ElementsAre("working_directory: \"/etc/passwd\" is no folder: Not a directory"));
}

}  // namespace
}  // namespace muster::config
