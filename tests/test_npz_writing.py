"""Files of emulators: old ones are replaced only whole."""

import copy
import errno
import os
import stat

import numpy as np
import pytest

from pmm_sklearn import PMMEmulator

from .npz_files import (
    EMULATORS,
)

pytestmark = pytest.mark.filterwarnings("error")


class TestWriting:
    """A file is replaced when the new one is complete."""

    @pytest.fixture
    def path(self, tmp_path):
        EMULATORS[0].to_npz(tmp_path / "model.npz")
        return tmp_path / "model.npz"

    @staticmethod
    def fail_after_half(monkeypatch, error):
        def savez(file, **arrays):
            file.write(b"PK\x03\x04 half of it")
            raise error

        monkeypatch.setattr(np, "savez", savez)

    @pytest.mark.parametrize("function", ["savez", "fsync", "replace"])
    @pytest.mark.parametrize(
        "error",
        [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()],
        ids=["full disk", "interruption"],
    )
    def test_an_old_file_survives_a_failure(self, function, error, path, monkeypatch):
        def fail(*arguments):
            raise error

        if function == "savez":
            self.fail_after_half(monkeypatch, error)
        else:
            monkeypatch.setattr(os, function, fail)
        before = path.read_bytes()
        with pytest.raises(type(error)):
            EMULATORS[1].to_npz(path)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["model.npz"]

    @pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
    def test_an_old_file_survives_a_disk_that_is_full_half_way(self, path):
        import resource

        before, limits = path.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, limits[1]))
        try:
            with pytest.raises(OSError, match="large"):
                EMULATORS[1].to_npz(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["model.npz"]

    def test_nothing_stays_of_a_new_file_that_failed(self, tmp_path, monkeypatch):
        self.fail_after_half(monkeypatch, OSError(errno.ENOSPC, "full"))
        with pytest.raises(OSError, match="full"):
            EMULATORS[0].to_npz(tmp_path / "model")
        assert os.listdir(tmp_path) == []

    def test_matrices_that_could_not_be_read_are_not_written(self, path):
        emulator, before = copy.deepcopy(EMULATORS[0]), path.read_bytes()
        emulator.matrices_ = emulator.matrices_ * np.nan
        with pytest.raises(ValueError, match="matrices has elements that are NaN"):
            emulator.to_npz(path)
        assert path.read_bytes() == before

    def test_the_new_file_replaces_the_old_one(self, path):
        EMULATORS[1].to_npz(path)
        assert PMMEmulator.from_npz(path).matrix_type == "symmetric"
        assert os.listdir(path.parent) == ["model.npz"]

    def test_a_folder_that_does_not_exist(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no.model\.npz'$"):
            EMULATORS[0].to_npz(tmp_path / "no" / "model.npz")

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    @pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
    def test_permissions_of_a_new_file_are_those_of_open(self, mask, tmp_path):
        before = os.umask(mask)
        try:
            EMULATORS[0].to_npz(tmp_path / "model.npz")
        finally:
            os.umask(before)
        mode = stat.S_IMODE((tmp_path / "model.npz").stat().st_mode)
        assert mode == 0o666 & ~mask

    @pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
    def test_permissions_of_an_old_file_are_kept(self, path):
        path.chmod(0o640)
        EMULATORS[1].to_npz(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    @pytest.mark.skipif(
        os.name != "posix" or os.geteuid() == 0, reason="root may write any file"
    )
    def test_a_file_that_may_not_be_written_is_not_replaced(self, path):
        path.chmod(0o440)
        with pytest.raises(PermissionError, match="model.npz"):
            EMULATORS[1].to_npz(path)
        assert PMMEmulator.from_npz(path).matrix_type == "hermitian"

    @pytest.mark.skipif(os.name != "posix", reason="symbolic links of POSIX")
    @pytest.mark.parametrize("exists", [True, False])
    def test_a_symbolic_link_keeps_pointing(self, exists, path, tmp_path):
        target = path if exists else tmp_path / "other.npz"
        link = tmp_path / "link.npz"
        link.symlink_to(target.name)
        EMULATORS[1].to_npz(link)
        assert os.readlink(link) == target.name
        assert PMMEmulator.from_npz(target).matrix_type == "symmetric"
        assert not target.is_symlink()

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
    def test_what_is_no_regular_file_is_not_replaced(self, tmp_path):
        (tmp_path / "folder.npz").mkdir()
        with pytest.raises(IsADirectoryError):
            EMULATORS[0].to_npz(tmp_path / "folder.npz")
        assert os.listdir(tmp_path) == ["folder.npz"]
