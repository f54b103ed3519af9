"""Where a command starts whose service does not say."""

from dataplane.live.folder import start_folder
from dataplane.mounts import Mount


def test_the_projects_folder_unless_something_else_is_in_its_place(tmp_path):
    project = str(tmp_path)
    assert start_folder(project, ()) == project
    assert start_folder(f"{project}/none", ()) == "/"
    assert start_folder(project, (Mount(target=f"{project}/x"), Mount(target="/mnt", source=project))) == project
    assert start_folder(project, (Mount(target=str(tmp_path.parent)),)) == "/"
    assert start_folder(project, (Mount(target=str(tmp_path.parent), source="/srv"),)) == "/"
    same = Mount(target=project, source=project)
    assert start_folder(project, (same,)) == project
    assert start_folder(project, (Mount(target=str(tmp_path.parent)), same)) == project
