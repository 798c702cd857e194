#include "muster/config/semantic_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "muster/config/absolute_paths.h"

namespace muster::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A folder of its own, with a folder "www" and a file "file" in it.
class SemanticCheckTest : public testing::Test {
 protected:
  SemanticCheckTest() {
    std::string pattern = "/tmp/muster-check.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    ::mkdir((folder_ + "/www").c_str(), 0700);
    std::ofstream(folder_ + "/file") << "x";
  }
  ~SemanticCheckTest() override {
    ::unlink((folder_ + "/file").c_str());
    ::rmdir((folder_ + "/www").c_str());
    ::rmdir(folder_.c_str());
  }

  // "field: problem" of each, for a configuration that is right but for `text`.
  std::vector<std::string> Check(const std::string& text, Reader reader = Reader::kMaster) {
    v1::Config config;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
    if (config.listen().empty()) config.add_listen()->set_address("127.0.0.1:80");
    if (!config.has_http() && !config.has_service()) {
      v1::Location* location = config.mutable_http()->add_location();
      location->set_path("/");
      location->mutable_stub_status();
    }
    FillDefaults(&config);
    MakePathsAbsolute(&config, folder_);
    std::vector<std::string> found;
    for (const FieldMistake& mistake : CheckSemantics(config, reader)) {
      found.push_back(absl::StrCat(mistake.field, ": ", mistake.problem));
    }
    return found;
  }

  std::string folder_;
};

TEST_F(SemanticCheckTest, WantsNoLessOfAllClientsThanOfOne) {
  EXPECT_THAT(
      Check("stream { max_unsent_bytes: 8192 max_worker_unsent_bytes: 8191 }"),
      ElementsAre("stream.max_worker_unsent_bytes: is 8191, less than max_unsent_bytes, which "
                  "is 8192: one client may have as much as all together"));
  EXPECT_THAT(Check("stream { max_worker_unsent_bytes: 8388608 }"), IsEmpty());
}

TEST_F(SemanticCheckTest, FindsNothingInWhatIsRight) {
  EXPECT_THAT(Check("listen { address: '*:80' } listen { address: 'unix:run/a.sock' } "
                    "http { location { path: '/' root: 'www' index: 'a.html' } "
                    "location { path: '/r' return { status: 301 location: '/' } } "
                    "mime_type { extension: 'webp' type: 'image/webp' } "
                    "access_log { path: 'logs/access.log' } }"),
              IsEmpty());
}

TEST_F(SemanticCheckTest, WantsMoreThanOneHeartbeatInATimeout) {
  constexpr char kTooShort[] =
      "heartbeat_timeout: must be 0s or at least 2s: a worker tells once a second that it runs";
  EXPECT_THAT(Check("heartbeat_timeout { seconds: 1 nanos: 999999999 }"), ElementsAre(kTooShort));
  EXPECT_THAT(Check("heartbeat_timeout { nanos: 1 }"), ElementsAre(kTooShort));
  EXPECT_THAT(Check("heartbeat_timeout { seconds: 2 }"), IsEmpty());
  EXPECT_THAT(Check("heartbeat_timeout {}"), IsEmpty());
}

TEST_F(SemanticCheckTest, APauseDoesNotGrowBelowTheFirstOne) {
  EXPECT_THAT(Check("restart { floor { seconds: 2 } ceiling { seconds: 1 } }"),
              ElementsAre("restart.ceiling: must not be shorter than the floor, the first pause"));
  EXPECT_THAT(Check("restart { floor { seconds: 2 } ceiling { seconds: 2 } }"), IsEmpty());
}

TEST_F(SemanticCheckTest, WantsAddressesThatCanBeRead) {
  EXPECT_THAT(Check("listen { address: '*:80' } listen { address: 'localhost:80' }"),
              ElementsAre(HasSubstr("listen[1].address: \"localhost\" is no IP address")));
}

TEST_F(SemanticCheckTest, WantsEachAddressOnce) {
  EXPECT_THAT(Check("listen { address: '*:80' } listen { address: '0.0.0.0:80' }"),
              ElementsAre("listen[1].address: \"0.0.0.0:80\" is listened on already, by "
                          "listen[0].address"));
  EXPECT_THAT(Check("listen { address: 'unix:a' } admin { listen: 'unix:a' }"),
              ElementsAre(HasSubstr("is listened on already, by listen[0].address")));
}

TEST_F(SemanticCheckTest, WantsEachSocketFileOnceHoweverItIsWritten) {
  EXPECT_THAT(Check("listen { address: 'unix:www/a' } listen { address: 'unix:www/../www/a' }"),
              ElementsAre(HasSubstr("listen[1].address: \"unix:")));
  ::symlink((folder_ + "/www").c_str(), (folder_ + "/link").c_str());
  EXPECT_THAT(Check("listen { address: 'unix:www/a' } admin { listen: 'unix:link/a' }"),
              ElementsAre(HasSubstr("is listened on already, by listen[0].address")));
  ::unlink((folder_ + "/link").c_str());
}

TEST_F(SemanticCheckTest, WantsAModeInOctal) {
  EXPECT_THAT(Check("listen { address: 'unix:a' mode: '0660' owner: 'x' group: 'y' }"), IsEmpty());
  EXPECT_THAT(Check("listen { address: 'unix:a' mode: '0680' }"),
              ElementsAre("listen[0].mode: \"0680\" is no mode of a file; write it in octal, from "
                          "\"0000\" to \"0777\", for example \"0660\""));
  EXPECT_THAT(Check("admin { listen: 'unix:a' mode: '0777' owner: 'x' group: 'y' }"), IsEmpty());
  EXPECT_THAT(Check("admin { listen: 'unix:a' mode: '888' }"),
              ElementsAre(HasSubstr("admin.mode: \"888\" is no mode of a file")));
}

TEST_F(SemanticCheckTest, WantsRightsOfUnixSocketsOnly) {
  EXPECT_THAT(Check("listen { address: '127.0.0.1:80' mode: '0660' owner: 'x' group: 'y' }"),
              ElementsAre("listen[0].mode: is of use with a Unix socket only",
                          "listen[0].owner: is of use with a Unix socket only",
                          "listen[0].group: is of use with a Unix socket only"));
}

TEST_F(SemanticCheckTest, WantsAddressesThatDoNotOverlap) {
  EXPECT_THAT(Check("listen { address: '127.0.0.1:80' } listen { address: '[::]:80' } "
                    "listen { address: '*:80' } listen { address: '*:0' }"),
              ElementsAre("listen[2].address: \"*:80\" overlaps with \"127.0.0.1:80\" of "
                          "listen[0].address; one of them is enough"));
}

TEST_F(SemanticCheckTest, WantsSocketPathsThatAreShortEnough) {
  EXPECT_THAT(Check("admin { listen: 'unix:" + std::string(100, 'x') + "' }"),
              ElementsAre(testing::AllOf(HasSubstr("admin.listen[0]: has a path of "),
                                         HasSubstr("the kernel takes at most 107"))));
}

TEST_F(SemanticCheckTest, KeepsSocketsOffOtherFiles) {
  EXPECT_THAT(Check("listen { address: 'unix:file' }"),
              ElementsAre(HasSubstr("exists and is no socket")));
}

TEST_F(SemanticCheckTest, TakesPortsOfTheKernelsChoiceForDifferentOnes) {
  EXPECT_THAT(Check("listen { address: '127.0.0.1:0' } listen { address: '127.0.0.1:0' }"
                    "admin { insecure: true listen: '127.0.0.1:0' }"),
              IsEmpty());
}

TEST_F(SemanticCheckTest, WantsTlsForTheAdminsTcp) {
  EXPECT_THAT(Check("admin { listen: '127.0.0.1:9000' }"),
              ElementsAre("admin.listen[0]: \"127.0.0.1:9000\" is TCP, which needs admin { tls "
                          "{ ... } }, or admin { insecure: true }"));
  EXPECT_THAT(Check("admin { listen: 'unix:a' listen: '10.0.0.1:9000' }"),
              ElementsAre("admin.listen[1]: \"10.0.0.1:9000\" is TCP, which needs admin { tls "
                          "{ ... } }"));
  const std::string tls = "tls { certificate: 'c' key: 'k' client_ca: 'a' }";
  EXPECT_THAT(Check("admin { listen: '*:9000' listen: 'unix:a' " + tls + " }"), IsEmpty());
}

TEST_F(SemanticCheckTest, WantsALoopbackAddressForTheAdminsTcpWithoutTls) {
  for (const char* address : {"127.0.0.1:9000", "127.9.9.9:9000", "[::1]:9000"}) {
    EXPECT_THAT(Check(absl::StrCat("admin { insecure: true listen: '", address, "' }")), IsEmpty())
        << address;
  }
  for (const char* address : {"*:9000", "[::]:9000", "10.0.0.1:9000", "128.0.0.1:9000"}) {
    EXPECT_THAT(
        Check(absl::StrCat("admin { insecure: true listen: '", address, "' }")),
        ElementsAre(HasSubstr("is not a loopback address, which TCP without TLS must have")))
        << address;
  }
}

TEST_F(SemanticCheckTest, WantsTlsForMetricsThatOtherMachinesCanReach) {
  for (const char* address : {"127.0.0.1:9109", "[::1]:9109", "unix:metrics"}) {
    EXPECT_THAT(Check(absl::StrCat("admin { metrics { listen: '", address, "' } }")), IsEmpty())
        << address;
  }
  EXPECT_THAT(Check("admin { metrics { listen: '*:9109' } }"),
              ElementsAre("admin.metrics.listen: \"*:9109\" is not a loopback address, and needs "
                          "admin { tls { ... } }"));
  EXPECT_THAT(Check("admin { metrics { listen: '*:9109' } "
                    "tls { certificate: 'c' key: 'k' client_ca: 'a' } }"),
              IsEmpty());
  EXPECT_THAT(Check("admin { listen: 'unix:a' metrics { listen: 'unix:a' } }"),
              ElementsAre(HasSubstr("is listened on already, by admin.listen[0]")));
}

TEST_F(SemanticCheckTest, WantsTcpForTheAdminsTls) {
  const std::string tls = "tls { certificate: 'c' key: 'k' client_ca: 'a' }";
  EXPECT_THAT(Check("admin { " + tls + " }"),
              ElementsAre("admin.tls: is of use with a TCP address in admin.listen only"));
  EXPECT_THAT(Check("admin { insecure: true }"),
              ElementsAre("admin.insecure: is of use with a TCP address in admin.listen only"));
  EXPECT_THAT(Check("admin { listen: '127.0.0.1:9000' insecure: true " + tls + " }"),
              ElementsAre("admin.insecure: is given with `tls`; one of them is enough"));
}

TEST_F(SemanticCheckTest, WantsNamesOfListenersWithoutWhiteSpace) {
  EXPECT_THAT(Check("listen { address: '127.0.0.1:80' name: 'a-B_9.c' } "
                    "listen { address: '127.0.0.1:81' name: 'a-B_9.c' }"),
              IsEmpty());
  EXPECT_THAT(Check("listen { address: '127.0.0.1:80' name: 'a b' }"),
              ElementsAre("listen[0].name: \"a b\" may have letters, digits, \"_\", \"-\" and "
                          "\".\" only"));
}

TEST_F(SemanticCheckTest, WantsTheAddressesOfProxies) {
  const auto check = [this](const std::string& address, const std::string& proxy_protocol) {
    return Check("listen { address: '" + address + "' proxy_protocol { " + proxy_protocol + " } }");
  };
  EXPECT_THAT(check("127.0.0.1:80", "from: '127.0.0.1' from: '10.0.0.0/8' others: DIRECT"),
              IsEmpty());
  EXPECT_THAT(check("[::]:80", "from: '2001:db8::/32'"), IsEmpty());
  EXPECT_THAT(check("127.0.0.1:80", ""),
              ElementsAre("listen[0].proxy_protocol: has no `from`; write the addresses of the "
                          "proxies, such as from: \"10.0.0.0/8\""));
  EXPECT_THAT(check("127.0.0.1:80", "from: '10.0.0.0/8' from: '10.0.0.1/8'"),
              ElementsAre("listen[0].proxy_protocol.from[1]: \"10.0.0.1/8\" has bits behind its "
                          "prefix; write 10.0.0.0/8 or 10.0.0.1"));
  EXPECT_THAT(check("127.0.0.1:80", "from: 'proxy.example'"),
              ElementsAre("listen[0].proxy_protocol.from[0]: \"proxy.example\" is no address and "
                          "no prefix; write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"));
  EXPECT_THAT(check("127.0.0.1:80", "from: '::1'"),
              ElementsAre("listen[0].proxy_protocol.from[0]: \"::1\" is of the other family than "
                          "\"127.0.0.1:80\", and never connects there"));
}

TEST_F(SemanticCheckTest, WantsNoAddressesOfProxiesOnAUnixSocket) {
  EXPECT_THAT(Check("listen { address: 'unix:a.sock' proxy_protocol {} }"), IsEmpty());
  EXPECT_THAT(
      Check("listen { address: 'unix:a.sock' proxy_protocol { from: '::1' others: DIRECT } }"),
      ElementsAre("listen[0].proxy_protocol.from[0]: is of no use with a Unix socket, where all "
                  "who may connect are proxies",
                  "listen[0].proxy_protocol.others: is of no use with a Unix socket, where all "
                  "who may connect are proxies"));
}

TEST_F(SemanticCheckTest, WantsSomethingToServe) {
  v1::Config config;
  config.add_listen()->set_address("*:80");
  const auto found = CheckSemantics(config);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].problem, HasSubstr("serves nothing"));
}

TEST_F(SemanticCheckTest, WantsOfAMastersFilesNothingForAWorkerAlone) {
  const std::string text = "pid_file: 'file/a' worker_binary: 'b' admin { listen: 'unix:file/c' }";
  EXPECT_EQ(Check(text).size(), 3u);
  EXPECT_THAT(Check(text, Reader::kWorkerAlone), IsEmpty());
  const std::string long_path =
      absl::StrCat("admin { listen: 'unix:", std::string(200, 'a'), "' }");
  EXPECT_EQ(Check(long_path).size(), 1u);
  EXPECT_THAT(Check(long_path, Reader::kWorkerAlone), IsEmpty());
}

TEST_F(SemanticCheckTest, WantsRootsThatAreFolders) {
  EXPECT_THAT(Check("http { location { path: '/' root: 'nowhere' } "
                    "location { path: '/a' root: 'file' } }"),
              ElementsAre(absl::StrCat("http.location[0].root: \"", folder_,
                                       "/nowhere\" is no folder: No such file or directory"),
                          absl::StrCat("http.location[1].root: \"", folder_,
                                       "/file\" is no folder: Not a directory")));
}

TEST_F(SemanticCheckTest, WantsLocationsThatBeginWithASlashAndDiffer) {
  EXPECT_THAT(Check("http { location { path: 'a' return {} } location { path: '/' return {} } "
                    "location { path: '/' return {} } }"),
              ElementsAre("http.location[0].path: \"a\" must begin with \"/\"",
                          "http.location[2].path: \"/\" is http.location[1]'s already"));
}

TEST_F(SemanticCheckTest, WantsLocationsThatDoSomething) {
  EXPECT_THAT(Check("http { location { path: '/' } }"),
              ElementsAre("http.location[0]: does nothing; give it one of root, return, "
                          "stub_status, metrics, status_json, status_page and handler"));
}

TEST_F(SemanticCheckTest, WantsAStatusForTheStatusPage) {
  EXPECT_THAT(Check("http { location { path: '/j' status_json {} } "
                    "location { path: '/s' status_page {} } "
                    "location { path: '/t' status_page { json: '/j' } } }"),
              IsEmpty());
  EXPECT_THAT(
      Check("http { location { path: '/s' status_page {} } "
            "location { path: '/t' status_page { json: '/s' } } }"),
      ElementsAre("http.location[0].status_page: has no location with status_json to read; "
                  "add location { path: \"/status.json\" status_json {} }",
                  "http.location[1].status_page.json: \"/s\" is not the path of a location "
                  "with status_json; add location { path: \"/status.json\" status_json {} }"));
}

TEST_F(SemanticCheckTest, WantsALocationHeaderInRedirectionsOnly) {
  EXPECT_THAT(Check("http { location { path: '/' return { status: 200 location: '/x' } } }"),
              ElementsAre("http.location[0].return.location: goes with a status from 300 to 399, "
                          "not with 200"));
}

TEST_F(SemanticCheckTest, KeepsControlCharactersOutOfHeaders) {
  EXPECT_THAT(Check("http { location { path: '/' return { status: 302 location: '/\\r\\nx' "
                    "content_type: 'a\\nb' } } mime_type { extension: 'x' type: 'a/b\\n' } }"),
              ElementsAre(HasSubstr("return.location: has a control character"),
                          HasSubstr("return.content_type: has a control character"),
                          HasSubstr("mime_type[0].type:")));
}

TEST_F(SemanticCheckTest, FindsAnUnknownNameInALogFormat) {
  EXPECT_THAT(Check("http { location { path: '/' return {} } "
                    "access_log { path: 'a.log' format: '$remote_addr $uptime' } }"),
              ElementsAre(HasSubstr("http.access_log.format: has $uptime, which is unknown; ")));
  EXPECT_THAT(Check("http { location { path: '/' return {} } "
                    "access_log { path: 'a.log' format: '$remote_addr' escape: JSON } }"),
              IsEmpty());
}

TEST_F(SemanticCheckTest, FindsWrongHeaders) {
  EXPECT_THAT(Check("http { header { name: 'a b' } header { name: 'X-A' value: 'b\\r\\nc: d' } "
                    "location { path: '/' return {} header { name: 'content-length' value: '1' } "
                    "header { name: 'X-B' value: 'b' always: true } } }"),
              ElementsAre("http.location[0].header[0].name: Content-Length is set by the service "
                          "itself",
                          HasSubstr("http.header[0].name: \"a b\" is no name of a header"),
                          "http.header[1].value: has a control character, which a header cannot "
                          "have"));
}

TEST_F(SemanticCheckTest, FindsWrongErrorPages) {
  EXPECT_THAT(Check("http { error_page { status: [404, 301] file: 'file' } "
                    "error_page { status: [404] body: 'x' content_type: 'a\\nb' } "
                    "error_page { status: 500 } "
                    "location { path: '/' return {} error_page { status: 404 file: 'www' } "
                    "error_page { status: 500 file: 'none' } } }"),
              ElementsAre(HasSubstr("http.location[0].error_page[0].file: "),
                          HasSubstr("/none\" cannot be read: No such file or directory"),
                          "http.error_page[0].status[1]: is 301; must be from 400 to 599",
                          "http.error_page[1].status[0]: 404 has a page by error_page[0] already",
                          "http.error_page[1].content_type: has a control character, which a "
                          "header cannot have",
                          "http.error_page[2]: has no page; give it one of file and body"));
}

TEST_F(SemanticCheckTest, FindsAListingWithoutRoot) {
  EXPECT_THAT(Check("http { location { path: '/' return {} listing: true } "
                    "location { path: '/a' return {} listing: false } "
                    "location { path: '/b' root: 'www' listing: true } }"),
              ElementsAre("http.location[0].listing: is of use with root only"));
}

TEST_F(SemanticCheckTest, FindsCodingsWithoutRootAndTwice) {
  EXPECT_THAT(Check("http { location { path: '/' return {} precompressed: GZIP } "
                    "location { path: '/b' root: 'www' precompressed: [ZSTD, GZIP, ZSTD] } }"),
              ElementsAre("http.location[0].precompressed: is of use with root only",
                          "http.location[1].precompressed[2]: ZSTD is there already"));
}

TEST_F(SemanticCheckTest, WantsAnIndexWithARootAndFileNamesInIt) {
  EXPECT_THAT(Check("http { location { path: '/' return {} index: 'a' } "
                    "location { path: '/b' root: 'www' index: '../x' } }"),
              ElementsAre("http.location[0].index: is of use with root only",
                          HasSubstr("http.location[1].index[0]: \"../x\" is no file name")));
}

TEST_F(SemanticCheckTest, WantsMimeTypesThatAreSomeAndDiffer) {
  EXPECT_THAT(
      Check("http { location { path: '/' return {} } mime_type { extension: '.a' type: 'x/y' } "
            "mime_type { extension: 'b' type: 'xy' } "
            "mime_type { extension: 'b' type: 'x/' } }"),
      ElementsAre(HasSubstr("mime_type[0].extension: \".a\" must be without dot"),
                  HasSubstr("mime_type[1].type: \"xy\" is no MIME type"),
                  HasSubstr("mime_type[2].extension: \"b\" is http.mime_type[1]'s already"),
                  HasSubstr("mime_type[2].type: \"x/\" is no MIME type")));
}

TEST_F(SemanticCheckTest, WantsFilesThatCanBeMade) {
  EXPECT_THAT(
      Check("pid_file: 'www' log { path: 'file/log' } "
            "http { location { path: '/' return {} } access_log { path: 'new/folder/a' } }"),
      ElementsAre(
          absl::StrCat("pid_file: ", folder_, "/www: Is a directory; write the path of a file"),
          absl::StrCat("log.path: ", folder_, "/file/log cannot be made: ", folder_,
                       "/file: Not a directory")));
}

TEST_F(SemanticCheckTest, TakesAFifoAndTheStandardStreamsAsLogs) {
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(Check("log { path: 'fifo' } http { location { path: '/' return {} } "
                    "access_log { path: '/dev/stderr' } }"),
              IsEmpty());
}

TEST_F(SemanticCheckTest, WantsAWorkerThatCanBeRun) {
  EXPECT_THAT(Check("worker_binary: 'nowhere'"),
              ElementsAre(HasSubstr("cannot be run: No such file or directory")));
  EXPECT_THAT(Check("worker_binary: 'www'"), ElementsAre(HasSubstr("Is a directory")));
}

}  // namespace
}  // namespace muster::config
