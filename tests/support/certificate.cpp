#include "support/certificate.hpp"

#include "support/child_process.hpp"

#include <vector>

namespace understudy::testing {

certificate::certificate(const std::filesystem::path& directory, const std::string& name, const std::string& password)
    : chain{directory / (name + ".pem")}, key{directory / (name + ".key")}
{
    std::vector<std::string> command{"/usr/bin/openssl",
                                     "req",
                                     "-x509",
                                     "-newkey",
                                     "ec",
                                     "-pkeyopt",
                                     "ec_paramgen_curve:prime256v1",
                                     "-days",
                                     "1",
                                     "-subj",
                                     "/CN=localhost",
                                     "-addext",
                                     "subjectAltName=DNS:localhost,IP:127.0.0.1",
                                     "-keyout",
                                     key.string(),
                                     "-out",
                                     chain.string()};
    if (password.empty())
        command.insert(command.end(), {"-nodes"});
    else
        command.insert(command.end(), {"-passout", "pass:" + password});
    run_program({.command = command, .output = directory / "openssl", .run_as = {}, .environment = {}});
}

}  // namespace understudy::testing
