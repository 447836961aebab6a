// The options: what is read, what is refused at once, and what a reload changes.
#include "tls_ends.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace parley::transport::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct tls_options : ::testing::Test {
  ~tls_options() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
  template <class Options>
  std::string why_not(Options options) {
    const auto made = load_tls(std::move(options));
    if (made) return "nothing is wrong";
    EXPECT_EQ(made.error().code, errc::invalid);
    return made.error().message;
  }
  std::string why_not(const certificate& one) { return why_not(server_tls{.certificate = one}); }

  const std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "parley-tls-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  issuer authority;
  identity own = authority.issue();
  std::string file = write("chain.pem", own.pem);
  std::string key_file = write("key.pem", own.key_pem);
};

TEST_F(tls_options, Files_and_texts_are_read) {
  EXPECT_EQ(why_not({.file = file, .key_file = key_file}), "nothing is wrong");
  EXPECT_EQ(why_not({.pem = own.pem, .key_pem = own.key_pem}), "nothing is wrong");
  EXPECT_EQ(why_not({.file = file, .key_pem = own.key_pem}), "nothing is wrong");
  // Both in one file.
  const std::string both = write("both.pem", own.key_pem + own.pem + authority.pem());
  EXPECT_EQ(why_not({.file = both, .key_file = both}), "nothing is wrong");
}

TEST_F(tls_options, What_is_missing_is_named) {
  EXPECT_THAT(why_not(certificate{}), HasSubstr("tls.certificate.file is not set"));
  EXPECT_THAT(why_not({.file = file}), HasSubstr("tls.certificate.key_file is not set"));
  EXPECT_THAT(why_not({.file = (folder / "none.pem").string(), .key_file = key_file}),
              AllOf(HasSubstr("tls.certificate.file"), HasSubstr("none.pem"), HasSubstr("No such file")));
  EXPECT_THAT(why_not(server_tls{.certificate = as_option(own), .more = {as_option(own), {.file = file}}}),
              HasSubstr("tls.more[1].key_file is not set"));
}

TEST_F(tls_options, A_folder_is_not_a_file) {
  EXPECT_THAT(why_not({.file = folder.string(), .key_file = key_file}),
              AllOf(HasSubstr("tls.certificate.file"), HasSubstr("Is a directory")));
  EXPECT_THAT(why_not(client_tls{.ca_file = folder.string()}), AllOf(HasSubstr("tls.ca_file"), HasSubstr("Is a directory")));
}

TEST_F(tls_options, File_and_text_exclude_each_other) {
  EXPECT_EQ(why_not({.file = file, .key_file = key_file, .pem = own.pem}),
            "tls.certificate.file and tls.certificate.pem are both set: use one of them");
  EXPECT_EQ(why_not({.file = file, .key_file = key_file, .key_pem = own.key_pem}),
            "tls.certificate.key_file and tls.certificate.key_pem are both set: use one of them");
  EXPECT_EQ(why_not(client_tls{.ca_file = file, .ca_pem = own.pem}), "tls.ca_file and tls.ca_pem are both set: use one of them");
}

TEST_F(tls_options, The_key_of_another_certificate_is_refused) {
  const std::string other = write("other.pem", authority.issue().key_pem);
  EXPECT_THAT(why_not({.file = file, .key_file = other}),
              AllOf(HasSubstr("other.pem"), HasSubstr("another certificate"), HasSubstr("chain.pem")));
}

TEST_F(tls_options, Something_else_than_PEM_is_refused) {
  const std::string text = write("text.pem", "hello\n");
  EXPECT_THAT(why_not({.file = text, .key_file = key_file}), AllOf(HasSubstr("text.pem"), HasSubstr("contains no certificate")));
  EXPECT_THAT(why_not({.file = key_file, .key_file = key_file}), HasSubstr("contains no certificate"));
  EXPECT_THAT(why_not({.file = file, .key_file = file}), HasSubstr("contains no private key"));
  const std::string cut = write("cut.pem", own.pem.substr(0, own.pem.size() / 2));
  EXPECT_THAT(why_not({.file = cut, .key_file = key_file}), HasSubstr("damaged"));
  EXPECT_THAT(why_not(client_tls{.ca_file = text}), HasSubstr("contains no certificate"));
}

TEST_F(tls_options, A_key_with_a_passphrase_is_refused_without_a_question) {
  const std::string locked = write("locked.pem", parley::testing::with_passphrase(own.key_pem));
  EXPECT_THAT(why_not({.file = file, .key_file = locked}), AllOf(HasSubstr("locked.pem"), HasSubstr("passphrase")));
}

TEST_F(tls_options, Errors_do_not_quote_what_files_and_texts_contain) {
  EXPECT_THAT(why_not({.file = file, .key_pem = "secret"}),
              AllOf(HasSubstr("tls.certificate.key_pem"), ::testing::Not(HasSubstr("secret"))));
}

TEST_F(tls_options, Certificates_of_clients_need_their_authorities) {
  EXPECT_THAT(why_not(server_tls{.certificate = as_option(own), .clients = client_certificates::required}),
              HasSubstr("tls.client_ca_file"));
  EXPECT_THAT(why_not(server_tls{.certificate = as_option(own), .client_ca_pem = authority.pem()}), HasSubstr("unless tls.clients is set"));
}

TEST_F(tls_options, Expired_certificates_are_a_warning) {
  const auto old = loaded(server_tls{.certificate = as_option(authority.issue({.from = -7200, .until = -3600})),
                                     .more = {as_option(own), as_option(authority.issue({.from = 3600, .until = 7200}))}});
  EXPECT_THAT(old->warnings(), ElementsAre(HasSubstr("tls.certificate expired on "), HasSubstr("tls.more[1] is not valid before ")));
  EXPECT_THAT(loaded(server_tls{.certificate = as_option(own)})->warnings(), ElementsAre());
}

TEST_F(tls_options, A_client_without_options_trusts_the_system) { EXPECT_NE(loaded(client_tls{}), nullptr); }

TEST_F(tls_options, A_name_that_is_too_long_is_refused) {
  EXPECT_THAT(why_not(client_tls{.host_name = std::string(254, 'x')}), HasSubstr("tls.host_name"));
}

struct tls_reload : tls_options {
  server_tls options{.certificate = {.file = file, .key_file = key_file}};
  std::shared_ptr<tls_client> client = loaded(client_tls{.ca_pem = authority.pem()});

  // By a client without tickets, which looks at the certificate.
  bool is_served_as(tls_server& server, const std::string& name) {
    tls_end a(loaded(client_tls{.ca_pem = authority.pem()})->connect(name, 443)), b(server.accept(time_point{}));
    exchange(a, b);
    return a.engine->is_up();
  }
  void replace(const std::string& name) {
    const identity next = authority.issue({.alternative = "DNS:" + name});
    write("chain.pem", next.pem);
    write("key.pem", next.key_pem);
  }
};

TEST_F(tls_reload, New_files_are_used_by_new_connections) {
  const auto server = loaded(options);
  tls_end a(client->connect("localhost", 443)), b(server->accept(time_point{}));
  exchange(a, b);
  replace("new.example");
  EXPECT_FALSE(is_served_as(*server, "new.example"));
  (*server->read_again())();
  EXPECT_TRUE(is_served_as(*server, "new.example"));
  EXPECT_FALSE(is_served_as(*server, "localhost"));
  // The old connection continues.
  a.say("hello");
  exchange(a, b);
  EXPECT_EQ(b.heard, "hello");
}

TEST_F(tls_reload, An_error_changes_nothing) {
  const auto server = loaded(options);
  write("key.pem", authority.issue().key_pem);
  const auto failed = server->read_again();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("key.pem"));
  EXPECT_TRUE(is_served_as(*server, "localhost"));
}

TEST_F(tls_reload, What_was_given_as_text_stays) {
  options.more.push_back(as_option(authority.issue({.alternative = "DNS:more.example"})));
  const auto server = loaded(options);
  replace("new.example");
  for (int i = 0; i < 2; ++i) {
    const auto next = server->read_again();
    ASSERT_TRUE(next) << next.error().message;
    (*next)();
    EXPECT_TRUE(is_served_as(*server, "new.example"));
    EXPECT_TRUE(is_served_as(*server, "more.example"));
  }
}

}  // namespace
}  // namespace parley::transport::testing
