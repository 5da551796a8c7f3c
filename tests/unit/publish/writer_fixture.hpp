#pragma once

#include "publish_fixture.hpp"

#include "publish/document_writer.hpp"

#include <fcntl.h>

namespace understudy {

/// Documents as bytes.
struct writer_fixture : publish_fixture {
    /// The bytes of the first document, or its refusal.
    outcome<std::string> written(std::uint64_t generation = 7)
    {
        auto made = plans();
        auto path = parent.path() / "document";
        fs::remove(path);
        auto created = create_file(AT_FDCWD, path.string());
        require(created);
        document_file file{std::move(*created), path, 0};
        const auto& position = rows.state().position;
        auto counted =
            write_document(rows, made[0], {generation, position.position, position.content_as_of}, file, nullptr);
        if (!counted) return counted.error();
        row_total = *counted;
        auto finished = file.finish(file_rights{});
        if (!finished) return finished.error();
        digest = *finished;
        return slurp(path);
    }

    std::string text(std::uint64_t generation = 7)
    {
        auto got = written(generation);
        require(got);
        return *got;
    }

    std::string refusal()
    {
        auto got = written();
        require_failure(got, errc::bad_config);
        return got.error().text;
    }

    void shape_materials(std::string keyed_by, std::vector<std::pair<std::string, std::string>> columns = {})
    {
        document_table wanted;
        wanted.table = "public.materials";
        wanted.keyed_by = std::move(keyed_by);
        wanted.columns = std::move(columns);
        documents[0].tables = {wanted};
        documents[0].header = false;
    }

    std::uint64_t row_total = 0;
    document_digest digest;
};

}  // namespace understudy
